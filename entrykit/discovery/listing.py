"""All roles, with everything that is wrong with any of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from entrykit.discovery.built_in import built_in_names
from entrykit.discovery.entry_points import name_conflicts
from entrykit.discovery.finder import load_role, role_names
from entrykit.discovery.search_path import find_on_path
from entrykit.errors import RoleError
from entrykit.role import Role


def load_roles(environ: Mapping[str, str]) -> Iterator[Role[Any]]:
    """Yield every role that can be loaded, sorted by name.

    Args:
        environ: ENTRYKIT_ROLES_PATH is read.

    Raises:
        SettingsError: ENTRYKIT_ROLES_PATH is invalid.
        RoleError: some roles cannot be loaded; raised after the last one that can.
    """
    errors = [*name_conflicts({*built_in_names(), *find_on_path(environ)})]
    for name in role_names(environ):
        try:
            yield load_role(name, environ)
        except RoleError as error:
            errors += error.messages
    if errors:
        raise RoleError(errors)
