"""Which names go into which lineage, so that as few certificates as possible change."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from entrykit.roles.certbot.plan import Group

LIMIT: Final = 100  # names in a certificate of Let's Encrypt's

_Names = tuple[str, ...]
_PART: Final = re.compile(r"(?P<group>.+)-(?P<number>[0-9]+)")


def allot(
    groups: Sequence[Group], existing: Mapping[str, _Names], limit: int = LIMIT
) -> dict[str, _Names]:
    """Give every wanted name to one lineage.

    A name stays where it is. A new one goes where there is room, and rather into a
    lineage that changes anyway; where there is no room, into a new one: `web`, then
    `web-2`, `web-3`. So one name more changes one lineage, and none at all if it is
    there already.

    A lineage is that of the group with its name; else of the group that has all those of
    its names that are wanted at all, so an app that is renamed keeps its certificates;
    else, if it is called `web-2`, of `web`.

    Args:
        groups: what is wanted; no name is in two of them, and no two have one name.
        existing: the names of each lineage that is there.
        limit: the most names of a lineage.

    Returns:
        The names of each lineage that is wanted, in the order of their group.
    """
    owned = _owned(groups, existing)
    reserved = {*existing, *(group.name for group in groups)}
    wanted: dict[str, _Names] = {}
    for group in groups:
        there = {name: existing[name] for name in owned[group.name]}
        wanted |= _divided(group, there, reserved, limit)
    return wanted


def _owned(groups: Sequence[Group], existing: Mapping[str, _Names]) -> dict[str, list[str]]:
    """Return each group's lineages: its namesake, its parts by number, then the rest by name."""
    homes = {name: group.name for group in groups for name in group.names}
    owned: dict[str, list[str]] = {group.name: [] for group in groups}
    for lineage, names in existing.items():
        owner = _owner(lineage, {homes[name] for name in names if name in homes}, owned)
        if owner is not None:
            owned[owner].append(lineage)
    return {name: sorted(lineages, key=_rank(name)) for name, lineages in owned.items()}


def _owner(lineage: str, users: Collection[str], groups: Collection[str]) -> str | None:
    """Return the group whose lineage this is.

    Args:
        lineage: its name.
        users: the groups that want its names.
        groups: all of them.
    """
    if lineage in groups:
        return lineage
    if len(users) == 1:
        return next(iter(users))
    part = _PART.fullmatch(lineage)
    return part["group"] if part and part["group"] in users else None


def _rank(group: str):  # type: ignore[no-untyped-def]
    ...
