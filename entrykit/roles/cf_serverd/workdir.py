"""CFEngine's work directory, and its programs."""

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
    """Guess the work directory that the installed package was built with.

    The vendor's packages have their programs in its `bin`; Debian's uses another directory.

    Args:
        environ: cf-serverd is looked up in its PATH.
    """
    try:
        program = os.path.realpath(find("cf-serverd", environ))
    except HandOverError:
        return _VENDOR
    if program.startswith(f"{_VENDOR}/") or not os.path.isdir(_DEBIAN):
        return _VENDOR
    return _DEBIAN


def add_workdir(settings: CfServerdVariables, environ: Mapping[str, str]) -> Mapping[str, str]:
    """Add the variable by which CFEngine's programs find CFENGINE_WORKDIR.

    It is set even for the package's own directory: for users other than root the default
    would be one in HOME.
    """
    return {**environ, WORKDIR_OVERRIDE: settings.cfengine_workdir}


def build_program_environ(settings: CfServerdVariables) -> dict[str, str]:
    """Build the environment for CFEngine's programs: where they are, and their work directory."""
    return {"PATH": settings.search_path, WORKDIR_OVERRIDE: settings.cfengine_workdir}


def find_program(name: str, environ: Mapping[str, str]) -> str:
    """Find a program of CFEngine: the one beside cf-serverd, which has the same version.

    Raises:
        HandOverError: it does not exist.
    """
    beside = os.path.join(os.path.dirname(os.path.realpath(find("cf-serverd", environ))), name)
    return beside if os.access(beside, os.X_OK) else find(name, environ)
