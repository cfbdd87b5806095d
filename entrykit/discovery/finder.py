"""Find a role by its name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from entrykit.discovery.built_in import ROLES_PATH, built_in_names, is_built_in
from entrykit.display import suggest
from entrykit.errors import UsageError
from entrykit.role import Role

_ROLES_VARIABLES = frozenset({ROLES_PATH, f"{ROLES_PATH}_FILE"})


def role_names(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the names of all roles, sorted: built-in, on ENTRYKIT_ROLES_PATH, in packages.

    Raises:
        SettingsError: ENTRYKIT_ROLES_PATH is invalid.
    """
    from entrykit.discovery.entry_points import find_entry_points
    from entrykit.discovery.search_path import find_on_path

    return sorted({*built_in_names(), *find_on_path(environ), *find_entry_points()})


def is_role(name: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether there is a role of this name; a built-in one is found without any search."""
    return is_built_in(name) or name in role_names(environ)


def load_role(name: str, environ: Mapping[str, str] = os.environ) -> Role[Any]:
    """Import one role and no other.

    Args:
        name: searched in the built-in roles, on ENTRYKIT_ROLES_PATH, then in packages.
        environ: only ENTRYKIT_ROLES_PATH is read.

    Raises:
        UsageError: there is no such role.
        SettingsError: ENTRYKIT_ROLES_PATH is invalid, whatever the name.
        RoleError: the code of the role is broken.
    """
    folders = _folders_on_path(environ)
    if is_built_in(name):
        role = import_module(f"entrykit.roles.{name.replace('-', '_')}").ROLE
        assert isinstance(role, Role)  # noqa: S101 -- tells the type checker what the constructor has checked
        return role
    if name in folders:
        from entrykit.discovery.loading import load

        return load(name, folders[name])
    from entrykit.discovery.entry_points import load_from_package

    if found := load_from_package(name):
        return found
    raise _unknown_role(name, environ)


def _unknown_role(name: str, environ: Mapping[str, str]) -> UsageError:
    from entrykit.discovery.search_path import find_typos

    known = role_names(environ)
    hint = suggest(name, known) or f" (roles: {', '.join(known)})"
    return UsageError("\n".join([f"unknown role {name!r}{hint}", *find_typos(environ)]))


def select_roles_environ(*environs: Mapping[str, str]) -> Mapping[str, str]:
    """Return the first environment that sets ENTRYKIT_ROLES_PATH, or the last one.

    The variables of a role may come from files, while the path is set on the host.
    """
    setting = (environ for environ in environs if not _ROLES_VARIABLES.isdisjoint(environ))
    return next(setting, environs[-1])


def _folders_on_path(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the roles on ENTRYKIT_ROLES_PATH; nothing is imported unless that is set."""
    if not any(environ.get(name) for name in _ROLES_VARIABLES):
        return {}
    from entrykit.discovery.search_path import find_on_path

    return find_on_path(environ)
