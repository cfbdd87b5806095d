"""Check the files of a test with the real daemon, if it is installed."""

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

# Have pytest show failures at the line of the test (see entrykit.testing).
__tracebackhide__ = True

# Debian installs daemons in directories that only root's PATH contains.
_ROOT_PATH: Final = {"PATH": "/usr/local/sbin:/usr/sbin:/sbin"}


def check_with_daemon(role: Role[Any], settings: Settings, environ: Mapping[str, str]) -> None:
    """Check the files with the daemon in PATH; skip the test if there is none.

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
    """Return a message about how to get the role's daemon."""
    package = role.daemon.package or role.daemon.name
    source = f"Debian package {package}"
    if path := _find_daemon(role, _ROOT_PATH):
        source += f", installed as {path}"
    return f"no {role.daemon.name} in PATH to check the files ({source})"


def _find_daemon(role: Role[Any], environ: Mapping[str, str]) -> str | None:
    """Find the daemon by any of its names."""
    for name in role.daemon.names:
        with suppress(HandOverError):
            return find(name, environ)
    return None
