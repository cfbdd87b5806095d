"""The program after `--`, which `render` and `wait` execute in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from entrykit.daemon.handover import execute
from entrykit.daemon.program import find
from entrykit.errors import UsageError


def split_command(argv: Sequence[str]) -> tuple[list[str], list[str] | None]:
    """Split the words before `--` from the program and arguments after it, None without `--`."""
    words = list(argv)
    if "--" not in words:
        return words, None
    index = words.index("--")
    return words[:index], words[index + 1 :]


def require_program(command: Sequence[str] | None, environ: Mapping[str, str]) -> None:
    """Check that the program exists before anything else is done."""
    if command is not None:
        if not command:
            raise UsageError("no program after --")
        find(command[0], environ)


def execute_command(command: Sequence[str] | None, environ: Mapping[str, str]) -> int:
    """Execute the program, if there is one; otherwise return exit code 0."""
    if command:
        execute(command, environ)
    return 0
