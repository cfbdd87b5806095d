"""All roles, also those from elsewhere, and what is wrong with any of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from entrykit.discovery.built_in import built_in_names
from entrykit.discovery.entry_points import name_conflicts
from entrykit.discovery.finder import load_role, role_names
from entrykit.discovery.search_path import find_on_path
from entrykit.errors import RoleError
from entrykit.role import Role


def roles(environ: Mapping[str, str]) -> Iterator[Role[Any]]:
    """Yield every role that can be had, by name.

    Args:
        environ: has ENTRYKIT_ROLES_PATH.

    Raises:
        SettingsError: that is at fault.
        RoleError: after the last one: what is wrong with others.
    """
    faults = [*name_conflicts({*built_in_names(), *find_on_path(environ)})]
    for name in role_names(environ):
        try:
            yield load_role(name, environ)
        except RoleError as error:
            faults += error.messages
    if faults:
        raise RoleError(faults)
