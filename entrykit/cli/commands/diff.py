"""`entrykit diff`: compare the files of a role with those on disk."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from entrykit.cli.environment import (
    RoleArguments,
    add_role_arguments,
    find_role,
    read_variables,
)
from entrykit.log import Log

add_arguments = add_role_arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments(RoleArguments):
    """The arguments: a role and its variables."""


def run(arguments: Arguments, environ: Mapping[str, str], log: Log) -> int:
    """Write a unified diff; return 1 if a start would change any file."""
    from entrykit.explain.diff import diff_files
    from entrykit.rendering.role_files import render

    variables = read_variables(arguments, environ, log)
    role = find_role(arguments.role, variables, environ)
    settings = role.read_settings(variables | dict(role.facts.defaults(variables)), log.warning)
    facts = role.observe_host(settings, environ)
    lines = diff_files(role, settings, render(role, settings, facts), facts)
    with suppress(BrokenPipeError):
        sys.stdout.writelines(lines)
        sys.stdout.flush()
    return 1 if lines else 0
