"""Roles of installed packages: their entry points in the group `entrykit.roles`.

To look for them costs more than all else that a start does, so that is done where a name is
known nowhere else, and where all names are listed.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import Any, Final

from entrykit.discovery.loading import from_package, place, said
from entrykit.errors import RoleError
from entrykit.role import Role

GROUP: Final = "entrykit.roles"


@cache
def packaged() -> Mapping[str, tuple[EntryPoint, ...]]:
    """Return names, each with the entry points that are called so: more than one is too many."""
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for point in dict.fromkeys(entry_points(group=GROUP)):
        found[point.name] = (*found.get(point.name, ()), point)
    return found


def load_packaged(name: str) -> Role[Any] | None:
    """Import the role of a package; None if none has it.

    Raises:
        RoleError: it cannot be imported, is no role, or several packages have one of this name.
    """
    points = packaged().get(name, ())
    if not points:
        return None
    point, *others = points
    if others:
        raise RoleError([f"{' and '.join(map(_named, points))}: both are called {name}"])
    folder = _folder(point)
    try:
        given = point.load()
    except (Exception, SystemExit) as error:
        where = place(error, folder) or _named(point)
        raise RoleError([f"{where}: {said(error)}"]) from error
    return from_package(name, given, _named(point), folder)


def taken(ours: Collection[str]) -> Iterator[str]:
    """Yield a fault for each entry point that has the name of a role from elsewhere.

    Args:
        ours: names that go before those of packages.
    """
    for name, points in packaged().items():
        if name in ours:
            yield f"{' and '.join(map(_named, points))}: there is a role {name} already"


def _named(point: EntryPoint) -> str:
    package = point.dist.name if point.dist else "a package"
    return f"{package}, entry point {point.name} = {point.value}"


def _folder(point: EntryPoint) -> str:
    """Return where the package is; a folder that nothing lies in where nobody knows."""
    spec = find_spec(point.module.partition(".")[0])
    return os.path.dirname(spec.origin) if spec and spec.origin else os.devnull
