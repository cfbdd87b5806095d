"""Which retired lineages come back, because names of theirs are wanted again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

from entrykit.roles.certbot.lineages.allotment import allot
from entrykit.roles.certbot.plan import Group

_Lineages: TypeAlias = Mapping[str, tuple[str, ...]]


def returning(
    groups: Sequence[Group], usable: _Lineages, retired: _Lineages, there: Collection[str]
) -> list[str]:
    """Choose what is put back: what would be used, for a name that has no certificate.

    That is a lineage that serves as it is; or, until there is an order, one for a group
    that has nothing else. By its name alone none comes back: it would bring names into
    HAProxy that nobody wants.

    Args:
        groups: what is wanted.
        usable: the names of each lineage that is kept for them.
        retired: those of each retired one.
        there: the names of all lineages that there are, also of somebody else's.

    Returns:
        The names of retired lineages.
    """
    homes = {name: group.name for group in groups for name in group.names}
    held = {name for names in usable.values() for name in names}
    kept = {k: names for k, names in retired.items() if (homes.keys() & {*names}) - held}
    if not kept:
        return []
    served = {homes[name] for name in held if name in homes}
    used = allot(groups, {**usable, **kept}, taken={*there} - usable.keys())
    return [
        lineage
        for lineage, names in kept.items()
        if ({*(its := used.get(lineage, ()))} - held)
        and ({*its} == {*names} or homes[its[0]] not in served)
    ]
