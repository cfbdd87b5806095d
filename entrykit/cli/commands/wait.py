"""`entrykit wait`: wait for servers, files and sockets, then execute a command."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from entrykit.cli.trailing_command import execute_command, require_program
from entrykit.errors import InvalidValue, UsageError
from entrykit.log import Log, check_format
from entrykit.variables.quantities import milliseconds, parse_duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """The arguments.

    Attributes:
        targets: what is waited for.
        timeout: the time limit, as a text.
        command: what is executed in the end; None for nothing.
    """

    targets: Sequence[str]
    timeout: str
    command: Sequence[str] | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `wait` accepts."""
    parser.add_argument(
        "targets", metavar="TARGET", nargs="+",
        help="tcp://host:port, http://host/path, https://…, file:/path or unix:/path",
    )  # fmt: skip
    parser.add_argument(
        "--timeout", metavar="TIME", default="30s", help="time limit (default: 30s)"
    )


def run(arguments: Arguments, environ: Mapping[str, str], log: Log) -> int:
    """Wait; execute the command, if there is one."""
    check_format(environ, log)
    from entrykit.variables.targets import targets
    from entrykit.wait import wait

    try:
        limit = parse_duration(arguments.timeout)
    except InvalidValue as error:
        raise UsageError(f"--timeout {error}") from None
    try:
        found = targets(arguments.targets)
    except InvalidValue as error:
        raise UsageError(str(error)) from None
    require_program(arguments.command, environ)
    wait(found, milliseconds(limit), log)
    return execute_command(arguments.command, environ)
