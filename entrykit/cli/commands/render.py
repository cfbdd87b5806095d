"""`entrykit render`: write the files of a role, or those of user-supplied templates."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from entrykit.cli.commands import render_template
from entrykit.cli.environment import (
    EnvironmentArguments,
    add_environment_options,
    add_role,
    find_role,
    read_variables,
)
from entrykit.cli.parser import parse_directory
from entrykit.errors import UsageError
from entrykit.log import Log, check_format
from entrykit.role import Role
from entrykit.variables.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments(EnvironmentArguments):
    """The arguments: a role, or templates and perhaps a command.

    Attributes:
        role: the role's name, if any.
        folder: where its files are written; None for standard output.
        templates: the pairs given with `--template`.
        mode: permissions of the files of those.
        command: what is executed once those are written; None for nothing.
    """

    role: str | None
    folder: str | None
    templates: Sequence[str]
    mode: int | None
    command: Sequence[str] | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `render` accepts."""
    add_role(parser, nargs="?")
    add_environment_options(parser)
    parser.add_argument(
        "-o",
        metavar="DIR",
        dest="folder",
        type=parse_directory,
        help="write the files to DIR instead of stdout",
    )
    render_template.add_arguments(parser)


def run(arguments: Arguments, environ: Mapping[str, str], log: Log) -> int:
    """Render a role, or templates."""
    variables = read_variables(arguments, environ, log)
    if arguments.templates:
        return _render_templates(arguments, variables, log)
    if arguments.role is None or arguments.command is not None or arguments.mode is not None:
        raise UsageError(
            "expected a role, or --template FROM:TO with optional --mode and -- CMD\n"
            "TIP: entrykit render --help"
        )
    role = find_role(arguments.role, variables, environ)
    settings = role.read_settings(variables, log.warning)
    return _render_role(role, settings, arguments.folder, log)


def _render_templates(arguments: Arguments, variables: Mapping[str, str], log: Log) -> int:
    if arguments.role is not None or arguments.folder is not None:
        raise UsageError("--template cannot be combined with a role or with -o")
    check_format(variables, log)
    selected = render_template.Arguments(
        templates=arguments.templates, mode=arguments.mode, command=arguments.command
    )
    return render_template.run(selected, variables, log)


def _render_role(role: Role[Any], settings: Settings, target: str | None, log: Log) -> int:
    from entrykit.rendering.role_files import render

    files = render(role, settings)
    if target is not None:
        _write(role, settings, target, log)
        return 0
    for file in files.values():
        sys.stdout.write(f"==> {file.path} <==\n{file.text}")
    sys.stdout.flush()
    return 0


def _write(role: Role[Any], settings: Settings, target: str, log: Log) -> None:
    """Write the role's directory as it would be in the image."""
    from entrykit.files.ownership import refuse_foreign
    from entrykit.files.transaction import commit, wrap_os_errors
    from entrykit.rendering.role_files import render

    with wrap_os_errors(target):  # the working directory may be gone
        path = os.path.abspath(target)
    moved = settings.model_copy(update={"config_dir": path})
    files = render(role, moved)
    with wrap_os_errors(path):
        if not settings.entrykit_overwrite:
            refuse_foreign(path, files.values())
        role.prepare.stage(moved, path, log)
    commit(files, path, lambda _folder: None, overwrite=settings.entrykit_overwrite)
