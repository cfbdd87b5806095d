"""The built-in roles."""

from __future__ import annotations

from pathlib import Path

ROLES = Path(__file__).parents[1] / "roles"
ROLES_PATH = "ENTRYKIT_ROLES_PATH"
ROLE_FILE = "role.py"


def built_in_names() -> list[str]:
    """Return the names of the built-in roles, sorted: every package in `roles`."""
    # Images contain compiled modules only: __init__.pyc instead of __init__.py.
    found = {path.parent.name for path in ROLES.glob("*/__init__.py*")}
    return sorted(name.replace("_", "-") for name in found)


def is_built_in(name: str) -> bool:
    """Whether there is a built-in role of this name."""
    return name.replace("-", "").isalnum() and (ROLES / name.replace("-", "_")).is_dir()
