"""What to order for one lineage, if anything."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """An order.

    Attributes:
        names: what the certificate is to be for, in the order that they are wanted.
        force: its names are those of the one before, which certbot might think young enough.
        apart: it is for a lineage of its own, beside the one before.
    """

    names: tuple[str, ...]
    force: bool = False
    apart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What there is of a lineage, and what it is to be.

    Attributes:
        lineage: its name.
        wanted: names that it is to have.
        existing: names of the certificate that it has; none if there is none.
        due: whether that certificate is to be renewed.
        late: whether that cannot wait any more for names that fail.
        apart: name of a new lineage, for names that cannot go into this one now.
    """

    lineage: str
    wanted: Sequence[str]
    existing: Collection[str]
    due: bool = False
    late: bool = False
    apart: str


def choose(need: Need, failing: Collection[str]) -> Choice | None:
    """Choose the names of an order.

    Names that fail are left out. That is no reason to replace a certificate that is
    good for them by a smaller one before its time: what is new then gets one of its
    own, and a name that is wanted no more stays in it for so long.

    Args:
        need: what is needed.
        failing: names that cannot be ordered now.

    Returns:
        The order; None if there is nothing to order, or nothing that can be.
    """
    wanted, existing = need.wanted, need.existing
    ready = tuple(name for name in wanted if name not in failing)
    fresh = tuple(name for name in ready if name not in existing)
    valid = any(name in existing for name in wanted if name in failing)
    if not existing or need.late or (need.due and not valid):
        return Choice(ready, force=set(ready) == set(existing)) if ready else None
    if valid:
        return Choice(fresh, apart=True) if fresh else None
    changed = fresh or set(existing) - set(wanted)
    return Choice(ready) if changed and ready else None


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """A new certificate, as certbot says.

    Attributes:
        wanted: the lineage that was to be kept.
        lineage: the one that has it: this one, or one apart.
        names: what it is for.
    """

    wanted: str
    lineage: str
    names: tuple[str, ...]
