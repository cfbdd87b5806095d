"""Assign host names to lineages so that as few certificates as possible change."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import chain, count, repeat
from math import inf
from typing import Final, TypeAlias

from entrykit.roles.certbot.plan import Group

LIMIT: Final = 100  # host names in a certificate, at Let's Encrypt

_Names: TypeAlias = tuple[str, ...]
_PART: Final = re.compile(r"(?P<group>.+)-(?P<number>[0-9]+)")


def allot(
    groups: Sequence[Group],
    existing: Mapping[str, _Names],
    limit: int = LIMIT,
    taken: Collection[str] = (),
) -> dict[str, _Names]:
    """Assign every wanted host name to one lineage.

    A name stays where it is. A new one goes where there is room, preferably into a lineage
    that changes anyway; without room, into a new one: `web`, then `web-2`, `web-3`. So one
    more name changes one lineage, and none at all if it is there already.

    A lineage belongs to the group with its name, if that wants any of its host names; else
    to the group that has all of its wanted host names, so apps that are renamed keep their
    certificates, even if they swap their names; else to its namesake; else, if it is called
    `web-2`, to `web`.

    Args:
        groups: the wanted certificates; no host name is in two of them, and no two have the
            same name.
        existing: the host names of each existing lineage.
        limit: the most host names in a lineage.
        taken: names of lineages that are not the keeper's.

    Returns:
        The host names of each wanted lineage, in the order of their group.
    """
    owned = _assign_lineages(groups, existing)
    known = {*existing, *taken}
    wanted: dict[str, _Names] = {}
    for group in groups:
        there = {name: existing[name] for name in owned[group.name]}
        fresh = _generate_names(group.name, known, owned)
        wanted |= _divide_names(group.names, there, fresh, limit)
    return wanted


def _assign_lineages(
    groups: Sequence[Group], existing: Mapping[str, _Names]
) -> dict[str, list[str]]:
    """Return each group's lineages: its namesake, its parts by number, then others by name."""
    homes = {name: group.name for group in groups for name in group.names}
    owned: dict[str, list[str]] = {group.name: [] for group in groups}
    for lineage, names in existing.items():
        owner = _find_owner(lineage, {homes[name] for name in names if name in homes}, owned)
        if owner is not None:
            owned[owner].append(lineage)
    return {name: sorted(lineages, key=_make_sort_key(name)) for name, lineages in owned.items()}


def _find_owner(lineage: str, users: Collection[str], groups: Collection[str]) -> str | None:
    """Return the group that a lineage belongs to.

    Args:
        lineage: its name.
        users: the groups that want its host names.
        groups: all groups.
    """
    if lineage in users or (lineage in groups and len(users) != 1):
        return lineage
    if len(users) == 1:
        return next(iter(users))
    part = _PART.fullmatch(lineage)
    return part["group"] if part and part["group"] in users else None


def _make_sort_key(group: str) -> Callable[[str], tuple[float, str]]:
    """Return a sort key for the lineages of a group."""

    def sort_key(lineage: str) -> tuple[float, str]:
        if lineage == group:
            return 0, lineage
        part = _PART.fullmatch(lineage)
        return (int(part["number"]) if part and part["group"] == group else inf), lineage

    return sort_key


def _generate_names(
    group: str, existing: Collection[str], groups: Collection[str]
) -> Iterator[str]:
    """Yield names for new lineages of a group, never the name of another group."""
    if group not in existing:
        yield group
    names = (f"{group}-{number}" for number in count(2))
    yield from (name for name in names if name not in existing and name not in groups)


def _divide_names(
    names: _Names, there: Mapping[str, _Names], fresh: Iterator[str], limit: int
) -> dict[str, _Names]:
    """Divide the host names of a group among its lineages and new ones.

    Args:
        names: the group's host names.
        there: the host names of each of its lineages, the preferred one first.
        fresh: names for new lineages.
        limit: the most host names in a lineage.
    """
    kept, homeless = _keep_assigned(names, there, limit)
    rooms = _find_capacity(there, kept, len(homeless), limit)
    for lineage, room in chain(rooms, zip(fresh, repeat(limit), strict=False)):
        if not homeless:
            break
        kept.setdefault(lineage, []).extend(homeless[:room])
        del homeless[:room]
    place = {name: number for number, name in enumerate(names)}
    return {
        lineage: tuple(sorted(its, key=place.__getitem__)) for lineage, its in kept.items() if its
    }


def _keep_assigned(
    names: _Names, there: Mapping[str, _Names], limit: int
) -> tuple[dict[str, list[str]], list[str]]:
    """Return the host names that stay in each lineage, and those that are in none."""
    homes: dict[str, str] = {}
    for lineage, its in there.items():
        for name in its:
            homes.setdefault(name, lineage)
    kept: dict[str, list[str]] = {lineage: [] for lineage in there}
    homeless = []
    for name in names:
        home = homes.get(name)
        if home is not None and len(kept[home]) < limit:
            kept[home].append(name)
        else:
            homeless.append(name)
    return kept, homeless


def _find_capacity(
    there: Mapping[str, _Names], kept: Mapping[str, Sequence[str]], number: int, limit: int
) -> list[tuple[str, int]]:
    """Return lineages and how many more names each can hold; a single one if all fit in it.

    Args:
        there: the host names of each lineage, the preferred one first.
        kept: those of them that stay.
        number: how many host names have to be placed.
        limit: the most host names in a lineage.
    """
    # A lineage that loses a name has to be issued again anyway.
    order = sorted(there, key=lambda lineage: len(kept[lineage]) == len(there[lineage]))
    rooms = [(lineage, limit - len(kept[lineage])) for lineage in order]
    return [room for room in rooms if room[1] >= number][:1] or rooms
