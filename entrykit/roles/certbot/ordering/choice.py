"""The choice of the names to order for one lineage, if any."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """An order.

    Attributes:
        names: the names of the certificate, in the order of DOMAINS.
        force: the current certificate has the same names, so certbot might not renew it yet.
        separate: the order is for a new lineage beside the current one.
    """

    names: tuple[str, ...]
    force: bool = False
    separate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """The current and the wanted state of a lineage.

    Attributes:
        lineage: its name.
        wanted: the names that its certificate should have.
        existing: the names of its current certificate; empty if there is none.
        due: whether the certificate should be renewed.
        overdue: whether the renewal can no longer wait for names that fail.
        separate_name: the name of a new lineage, for names that cannot be added to this one now.
    """

    lineage: str
    wanted: Sequence[str]
    existing: Collection[str]
    due: bool = False
    overdue: bool = False
    separate_name: str


def choose(need: Need, failing: Collection[str]) -> Choice | None:
    """Choose the names of an order.

    Names that fail are left out. A certificate that is still valid for them is not
    replaced early by one without them: new names then get a separate certificate, and
    names that are no longer wanted stay in it until it is due.

    Args:
        need: the state of the lineage.
        failing: names that cannot be ordered now.

    Returns:
        The order; None if nothing needs to be ordered, or nothing can be.
    """
    wanted, existing = need.wanted, need.existing
    ready = tuple(name for name in wanted if name not in failing)
    fresh = tuple(name for name in ready if name not in existing)
    valid = any(name in existing for name in wanted if name in failing)
    if not existing or need.overdue or (need.due and not valid):
        return Choice(ready, force=set(ready) == set(existing)) if ready else None
    if valid:
        return Choice(fresh, separate=True) if fresh else None
    changed = fresh or set(existing) - set(wanted)
    return Choice(ready) if changed and ready else None


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """A new certificate, as certbot reported it.

    Attributes:
        requested: the lineage that needed it.
        lineage: the lineage that has it: the same one, or a separate one.
        names: its names.
    """

    requested: str
    lineage: str
    names: tuple[str, ...]
