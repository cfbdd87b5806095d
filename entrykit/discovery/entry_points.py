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

from entrykit.discovery.loading import describe_error, error_location, register_package_role
from entrykit.errors import RoleError
from entrykit.role import Role

GROUP: Final = "entrykit.roles"


@cache
def find_entry_points() -> Mapping[str, tuple[EntryPoint, ...]]:
    """Return names, each with the entry points that are called so: more than one is too many."""
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for point in dict.fromkeys(entry_points(group=GROUP)):
        found[point.name] = (*found.get(point.name, ()), point)
    return found


def load_from_package(name: str) -> Role[Any] | None:
    """Import the role of a package; None if none has it.

    Raises:
        RoleError: it cannot be imported, is no role, or several packages have one of this name.
    """
    points = find_entry_points().get(name, ())
    if not points:
        return None
    point, *others = points
    if others:
        raise RoleError([f"{' and '.join(map(_describe_point, points))}: both are called {name}"])
    folder = _package_folder(point)
    try:
        given = point.load()
    except (Exception, SystemExit) as error:
        where = error_location(error, folder) or _describe_point(point)
        raise RoleError([f"{where}: {describe_error(error)}"]) from error
    return register_package_role(name, given, _describe_point(point), folder)


def name_conflicts(ours: Collection[str]) -> Iterator[str]:
    """Yield a fault for each entry point that has the name of a role from elsewhere.

    Args:
        ours: names that go before those of packages.
    """
    for name, points in find_entry_points().items():
        if name in ours:
            yield f"{' and '.join(map(_describe_point, points))}: there is a role {name} already"


def _describe_point(point: EntryPoint) -> str:
    package = point.dist.name if point.dist else "a package"
    return f"{package}, entry point {point.name} = {point.value}"


def _package_folder(point: EntryPoint) -> str:
    """Return where the package is; a folder that nothing lies in where nobody knows."""
    spec = find_spec(point.module.partition(".")[0])
    return os.path.dirname(spec.origin) if spec and spec.origin else os.devnull
