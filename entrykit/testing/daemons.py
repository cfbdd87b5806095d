"""The real daemons that judge what a test has rendered, where this machine has them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

import pytest

from entrykit.check import judge_offline
from entrykit.errors import HandOverError
from entrykit.handover import find
from entrykit.message import LEVELS, Log
from entrykit.role import Role
from entrykit.settings import Settings
from entrykit.testing.plugin import daemons_required

# Where Debian has daemons, and where only root's PATH leads.
_ROOTS: Final = {"PATH": "/usr/local/sbin:/usr/sbin:/sbin"}


def judge(role: Role[Any], settings: Settings, environ: Mapping[str, str]) -> None:
    """Have the daemon that PATH leads to judge the files; skip the test where there is none.

    Raises:
        CheckError: the daemon refused the files.
    """
    seen = {"PATH": os.environ.get("PATH", ""), **environ}
    if not _is_in(seen, role.daemon):
        end = pytest.fail if daemons_required() else pytest.skip
        end(missing(role))
    quiet = Log()
    quiet.shift(-len(LEVELS))
    judge_offline(role, settings, seen, quiet)


def missing(role: Role[Any]) -> str:
    """Say what would give us the role's daemon."""
    package = role.package or role.daemon
    gives = f"Debian's package {package} has it"
    if _is_in(_ROOTS, role.daemon):
        gives += f", here as {find(role.daemon, _ROOTS)}"
    return f"no {role.daemon} in PATH to judge the files: {gives}"


def _is_in(environ: Mapping[str, str], daemon: str) -> bool:
    try:
        find(daemon, environ)
    except HandOverError:
        return False
    return True
