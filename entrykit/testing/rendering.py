"""Read variables and render files in a test; warnings become Python warnings."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from entrykit.discovery.finder import load_role
from entrykit.rendering.role_files import render
from entrykit.role import Role
from entrykit.testing.files import RenderedFile, RenderedFiles
from entrykit.testing.options import roles_environ
from entrykit.testing.warnings import VariablesWarning
from entrykit.variables.settings import Settings


def read(name: str, environ: Mapping[str, str]) -> tuple[Role[Any], Settings]:
    """Read a role's variables.

    Raises:
        UsageError: there is no such role.
        SettingsError: with every error.
    """
    role = load_role(name, roles_environ())
    messages: list[str] = []
    settings = role.read_settings(environ, messages.append)
    for text in messages:  # not reached if the variables are rejected: the error is enough
        warnings.warn(text, VariablesWarning, stacklevel=3)
    return role, settings


def render_files(role: Role[Any], settings: Settings) -> RenderedFiles:
    """Render a role's files as on an ordinary host."""
    return RenderedFiles(
        RenderedFile(file.path, file.text, file.mode, role)
        for file in render(role, settings).values()
    )
