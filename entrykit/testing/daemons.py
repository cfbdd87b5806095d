"""The real daemons that judge what a test has rendered, where this machine has them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import pytest

from entrykit.daemon.check import check_offline
from entrykit.daemon.program import find
from entrykit.errors import HandOverError
from entrykit.log import LEVELS, Log
from entrykit.role import Role
from entrykit.testing.options import requires_daemons
from entrykit.variables.settings import Settings

# To pytest: what fails in here is shown where a test called it (see entrykit.testing).
__tracebackhide__ = True

# Where Debian has daemons, and where only root's PATH leads.
_ROOT_PATH: Final = {"PATH": "/usr/local/sbin:/usr/sbin:/sbin"}


def check_with_daemon(role: Role[Any], settings: Settings, environ: Mapping[str, str]) -> None:
    """Have the daemon that PATH leads to judge the files; skip the test where there is none.

    Raises:
        CheckError: the daemon refused the files.
    """
    seen = {"PATH": os.environ.get("PATH", ""), **environ}
    if _find_daemon(role, seen) is None:
        end = pytest.fail if requires_daemons() else pytest.skip
        end(describe_missing(role))
    quiet = Log()
    quiet.adjust_level(-len(LEVELS))
    check_offline(role, settings, seen, quiet)


def describe_missing(role: Role[Any]) -> str:
    """Say what would give us the role's daemon."""
    package = role.daemon.package or role.daemon.name
    gives = f"Debian's package {package} has it"
    if path := _find_daemon(role, _ROOT_PATH):
        gives += f", here as {path}"
    return f"no {role.daemon.name} in PATH to judge the files: {gives}"


def _find_daemon(role: Role[Any], environ: Mapping[str, str]) -> str | None:
    """Find the daemon by any of its names."""
    for name in role.daemon.names:
        with suppress(HandOverError):
            return find(name, environ)
    return None
