"""The options and settings of the pytest plugin."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

import pytest

ROLE: Final = "entrykit_role"
CHECK: Final = "entrykit_check"
ROLES: Final = "entrykit_roles_path"
UPDATED: Final = ("entrykit", "updated")
UPDATE: Final = "entrykit_update"
REQUIRE: Final = "entrykit_require_daemons"


# More than one if a test runs pytest in its own process.
CONFIGS: Final[list[pytest.Config]] = []


def requires_daemons() -> bool:
    """Whether a missing daemon fails a test."""
    return bool(CONFIGS) and bool(CONFIGS[-1].getoption(REQUIRE))


def roles_environ() -> Mapping[str, str]:
    """Return an environment with ENTRYKIT_ROLES_PATH, preferably from pytest's settings."""
    folders = CONFIGS[-1].getini(ROLES) if CONFIGS else []
    return {"ENTRYKIT_ROLES_PATH": ":".join(map(str, folders))} if folders else os.environ


def is_updating(config: pytest.Config) -> bool:
    """Whether to write cases instead of comparing them."""
    return bool(config.getoption(UPDATE))
