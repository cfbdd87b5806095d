"""Where CFEngine keeps everything: its work directory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from entrykit.daemon.program import find
from entrykit.errors import HandOverError

if TYPE_CHECKING:
    from entrykit.roles.cf_serverd.variables import CfServerdVariables

# The one variable that moves it; cf-serverd has no option for that.
WORKDIR_OVERRIDE: Final = "CFENGINE_TEST_OVERRIDE_WORKDIR"

_VENDOR: Final = "/var/cfengine"
_DEBIAN: Final = "/var/lib/cfengine3"


def find_workdir(environ: Mapping[str, str]) -> str:
    """Return the work directory that the installed package was built with, as far as can be seen.

    The vendor's packages have their programs in its `bin`, Debian's has another folder.

    Args:
        environ: whose PATH leads to cf-serverd.
    """
    try:
        program = os.path.realpath(find("cf-serverd", environ))
    except HandOverError:
        return _VENDOR
    if program.startswith(f"{_VENDOR}/") or not os.path.isdir(_DEBIAN):
        return _VENDOR
    return _DEBIAN


def add_workdir(settings: CfServerdVariables, environ: Mapping[str, str]) -> Mapping[str, str]:
    """Add what has CFEngine's programs use CFENGINE_WORKDIR, whoever runs them.

    It is said even where that is the package's own: for a user other than root the default
    would be a folder in HOME.
    """
    return {**environ, WORKDIR_OVERRIDE: settings.cfengine_workdir}


def build_program_environ(settings: CfServerdVariables) -> dict[str, str]:
    """Build the environment for CFEngine's programs: where they are, and their work directory."""
    return {"PATH": settings.search_path, WORKDIR_OVERRIDE: settings.cfengine_workdir}


def program(name: str, environ: Mapping[str, str]) -> str:
    """Find a program of CFEngine's: the one beside cf-serverd, which is of its version.

    Raises:
        HandOverError: there is none.
    """
    beside = os.path.join(os.path.dirname(os.path.realpath(find("cf-serverd", environ))), name)
    return beside if os.access(beside, os.X_OK) else find(name, environ)
