"""Which names go into which lineage, so that as few certificates as possible change."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import chain, count, repeat
from math import inf
from typing import Final, TypeAlias

from entrykit.roles.certbot.plan import Group

LIMIT: Final = 100  # names in a certificate of Let's Encrypt's

_Names: TypeAlias = tuple[str, ...]
_PART: Final = re.compile(r"(?P<group>.+)-(?P<number>[0-9]+)")


def allot(
    groups: Sequence[Group],
    existing: Mapping[str, _Names],
    limit: int = LIMIT,
    taken: Collection[str] = (),
) -> dict[str, _Names]:
    """Give every wanted name to one lineage.

    A name stays where it is. A new one goes where there is room, and rather into a
    lineage that changes anyway; where there is no room, into a new one: `web`, then
    `web-2`, `web-3`. So one name more changes one lineage, and none at all if it is
    there already.

    A lineage is that of the group with its name, if that wants any of its names; else of
    the group that has all those of its names that are wanted at all, so apps that are
    renamed keep their certificates, also if they swap their names; else of its namesake;
    else, if it is called `web-2`, of `web`.

    Args:
        groups: what is wanted; no name is in two of them, and no two have one name.
        existing: the names of each lineage that is there.
        limit: the most names of a lineage.
        taken: names of lineages that are somebody else's.

    Returns:
        The names of each lineage that is wanted, in the order of their group.
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
    """Return the group whose lineage this is.

    Args:
        lineage: its name.
        users: the groups that want its names.
        groups: all of them.
    """
    if lineage in users or (lineage in groups and len(users) != 1):
        return lineage
    if len(users) == 1:
        return next(iter(users))
    part = _PART.fullmatch(lineage)
    return part["group"] if part and part["group"] in users else None


def _make_sort_key(group: str) -> Callable[[str], tuple[float, str]]:
    """Return what sorts the lineages of a group."""

    def sort_key(lineage: str) -> tuple[float, str]:
        if lineage == group:
            return 0, lineage
        part = _PART.fullmatch(lineage)
        return (int(part["number"]) if part and part["group"] == group else inf), lineage

    return sort_key


def _generate_names(
    group: str, existing: Collection[str], groups: Collection[str]
) -> Iterator[str]:
    """Yield names for new lineages of a group; that of another group is for that one."""
    if group not in existing:
        yield group
    names = (f"{group}-{number}" for number in count(2))
    yield from (name for name in names if name not in existing and name not in groups)


def _divide_names(
    names: _Names, there: Mapping[str, _Names], fresh: Iterator[str], limit: int
) -> dict[str, _Names]:
    """Divide the names of a group among its lineages, and new ones.

    Args:
        names: of the group.
        there: the names of each lineage that it has, the preferred one first.
        fresh: names for new lineages.
        limit: the most names of a lineage.
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
    """Return the names that stay in each lineage, and those that are in none."""
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
    """Return lineages and how many names more each can have; one alone if all fit in it.

    Args:
        there: the names of each lineage, the preferred one first.
        kept: those of them that stay.
        number: how many names are to be placed.
        limit: the most names of a lineage.
    """
    # What loses a name is issued anew in any case.
    order = sorted(there, key=lambda lineage: len(kept[lineage]) == len(there[lineage]))
    rooms = [(lineage, limit - len(kept[lineage])) for lineage in order]
    return [room for room in rooms if room[1] >= number][:1] or rooms
