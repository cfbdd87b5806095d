"""`entrykit check`: run the daemon's own check on the files of a role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from entrykit.cli.environment import RoleArguments, add_role_arguments, read_settings
from entrykit.log import Log

add_arguments = add_role_arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments(RoleArguments):
    """The arguments: a role and its variables."""


def run(arguments: Arguments, environ: Mapping[str, str], log: Log) -> int:
    """Check the files in a temporary directory."""
    from entrykit.daemon.check import check_offline

    role, settings, variables = read_settings(arguments, environ, log)
    # The daemon is found by the PATH of this process, wherever the variables come from.
    check_offline(role, settings, {"PATH": environ.get("PATH", "")} | variables, log)
    return 0
