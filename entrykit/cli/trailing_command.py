"""The command after `--`, which a verb executes once it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from entrykit.daemon.handover import execute
from entrykit.daemon.program import find
from entrykit.errors import UsageError


def split_command(argv: Sequence[str]) -> tuple[list[str], list[str] | None]:
    """Split the words of a verb from the command after `--`; None where there is none."""
    words = list(argv)
    if "--" not in words:
        return words, None
    index = words.index("--")
    return words[:index], words[index + 1 :]


def require_program(command: Sequence[str] | None, environ: Mapping[str, str]) -> None:
    """Check that the command can be executed, before anything is done for it."""
    if command is not None:
        if not command:
            raise UsageError("no command after -- (expected one)")
        find(command[0], environ)


def execute_command(command: Sequence[str] | None, environ: Mapping[str, str]) -> int:
    """Execute the command, if there is one; return the exit code 0 otherwise."""
    if command:
        execute(command, environ)
    return 0
