"""A certificate that certbot says it has got."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Issued:
    """A new certificate, as certbot says.

    Attributes:
        wanted: the lineage that was to be kept.
        lineage: the one that has it: this one, or one apart.
        names: what it is for.
    """

    wanted: str
    lineage: str
    names: tuple[str, ...]
