"""A role's settings with their origins, as `entrykit explain` has them."""

from __future__ import annotations

from entrykit.discovery.finder import load_role
from entrykit.explain.provenance import find_origins
from entrykit.variables.env_files import overlay_assignments


def read(name, environ, env_files=()):
    """The role, its settings and the origins of its variables."""
    role = load_role(name)
    laid = overlay_assignments(environ, env_files, [])
    reading = role.settings.reading({name: given.text for name, given in laid.items()})
    return role, role.settings.from_reading(reading), find_origins(role.settings, laid, reading)
