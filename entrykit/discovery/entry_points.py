"""Roles of installed packages, found by entry points in the group `entrykit.roles`.

Searching the metadata of all packages costs more than the rest of a start. It is done only for
a name that is not found elsewhere, and to list all names.
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
    """Return the entry points by name; more than one of the same name is an error."""
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for point in dict.fromkeys(entry_points(group=GROUP)):
        found[point.name] = (*found.get(point.name, ()), point)
    return found


def load_from_package(name: str) -> Role[Any] | None:
    """Import a role from a package; None if no package has it.

    Raises:
        RoleError: it cannot be imported, is not a role, or is defined by several packages.
    """
    points = find_entry_points().get(name, ())
    if not points:
        return None
    point, *others = points
    if others:
        raise RoleError(
            [f"{' and '.join(map(_describe_point, points))}: both define the role {name}"]
        )
    folder = _package_folder(point)
    try:
        given = point.load()
    except (Exception, SystemExit) as error:
        where = error_location(error, folder) or _describe_point(point)
        raise RoleError([f"{where}: {describe_error(error)}"]) from error
    return register_package_role(name, given, _describe_point(point), folder)


def name_conflicts(known: Collection[str]) -> Iterator[str]:
    """Yield a message for each entry point whose name another role already has.

    Args:
        known: names that take precedence over those of packages.
    """
    for name, points in find_entry_points().items():
        if name in known:
            yield f"{' and '.join(map(_describe_point, points))}: a role {name} exists already"


def _describe_point(point: EntryPoint) -> str:
    package = point.dist.name if point.dist else "a package"
    return f"{package}, entry point {point.name} = {point.value}"


def _package_folder(point: EntryPoint) -> str:
    """Return the directory of the package; one that contains nothing if it is unknown."""
    spec = find_spec(point.module.partition(".")[0])
    return os.path.dirname(spec.origin) if spec and spec.origin else os.devnull
