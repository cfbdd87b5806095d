"""A container entrypoint and config-generation toolkit.

>>> import entrykit
>>> files = entrykit.render("haproxy", {"DOMAINS": "web:example.com"})
>>> "frontend https" in files["haproxy.cfg"].text
True

PYTEST_DONT_REWRITE: pytest looks for this word in the package of a plugin, and else warns
where a program has imported that package before pytest.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from entrykit.errors import (
    CheckError,
    CommitError,
    EntrykitError,
    HandOverError,
    RenderError,
    RoleError,
    SettingsError,
    UsageError,
    WaitError,
)

if TYPE_CHECKING:
    from entrykit.files.config_file import ConfigFiles

__version__ = "0.1.0"

__all__ = [
    "CheckError",
    "CommitError",
    "EntrykitError",
    "HandOverError",
    "RenderError",
    "RoleError",
    "SettingsError",
    "UsageError",
    "WaitError",
    "__version__",
    "render",
]


def render(role: str, environ: Mapping[str, str] = os.environ) -> ConfigFiles:
    """Render the files of a role, offline: no daemon, no network, no disk but what is named.

    Args:
        role: its name, as `entrykit roles` lists them.
        environ: the variables, names to texts; NAME_FILE and ENTRYKIT_TEMPLATES name what is read.
            ENTRYKIT_ROLES_PATH may also be the process's own.

    Returns:
        The files by their paths relative to the role's directory.

    Raises:
        UsageError: there is no such role.
        RoleError: the code of a role from elsewhere is broken.
        SettingsError: with everything that is wrong with any variable.
        RenderError: a template is broken.
    """
    from entrykit.discovery.finder import load_role, select_roles_environ
    from entrykit.rendering.role_files import render as render_role

    found = load_role(role, select_roles_environ(environ, os.environ))
    return render_role(found, found.read_settings(environ))
