"""Find a role by its name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from entrykit.discovery.built_in import ROLES_PATH, built_in_names, is_built_in
from entrykit.errors import UsageError
from entrykit.role import Role

_ROLES_VARIABLES = frozenset({ROLES_PATH, f"{ROLES_PATH}_FILE"})


def role_names(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the names of all roles, sorted: ours, those on ENTRYKIT_ROLES_PATH, of packages.

    Raises:
        SettingsError: that path is at fault.
    """
    from entrykit.discovery.entry_points import find_entry_points
    from entrykit.discovery.search_path import find_on_path

    return sorted({*built_in_names(), *find_on_path(environ), *find_entry_points()})


def is_role(name: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether there is a role of this name; nothing else is looked at where it is one of ours."""
    return is_built_in(name) or name in role_names(environ)


def load_role(name: str, environ: Mapping[str, str] = os.environ) -> Role[Any]:
    """Import one role and nothing of the others.

    Args:
        name: looked for among ours, on ENTRYKIT_ROLES_PATH, and then among those of packages.
        environ: has that path; nothing else of it is looked at.

    Raises:
        UsageError: there is no such role; the known ones are listed.
        SettingsError: ENTRYKIT_ROLES_PATH is at fault, whichever role is asked for.
        RoleError: the role's code is.
    """
    own = _own_folders(environ)
    if is_built_in(name):
        role = import_module(f"entrykit.roles.{name.replace('-', '_')}").ROLE
        assert isinstance(role, Role)  # noqa: S101 -- tells the type checker what the constructor has checked
        return role
    if name in own:
        from entrykit.discovery.loading import load

        return load(name, own[name])
    from entrykit.discovery.entry_points import load_from_package

    if found := load_from_package(name):
        return found
    from entrykit.discovery.search_path import find_typos

    known = ", ".join(role_names(environ))
    raise UsageError(
        "\n".join([f"no role is called {name!r} (known: {known})", *find_typos(environ)])
    )


def select_roles_environ(*environs: Mapping[str, str]) -> Mapping[str, str]:
    """Return the first of some environments that says where roles are; the last if none does.

    Variables that are judged may come from elsewhere than those that a machine has for itself.
    """
    said = (environ for environ in environs if not _ROLES_VARIABLES.isdisjoint(environ))
    return next(said, environs[-1])


def _own_folders(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the roles on the path, without an import where there is none."""
    if not any(environ.get(name) for name in _ROLES_VARIABLES):
        return {}
    from entrykit.discovery.search_path import find_on_path

    return find_on_path(environ)
