"""The errors of entrykit, as a tree.

EntrykitError                  one message, no traceback
    UsageError          64     invalid command line
    CheckError          65     the daemon refused the staged files
    WaitError           69     a target of ENTRYKIT_WAIT was not available in time
    RenderError         70     a template is broken
    RoleError           70     the code of an external role is broken
    CommitError         73     the files cannot be written
    SettingsError       78     invalid variables, one line each
    HandOverError  126/127     the program cannot be executed

The numbers are exit codes: sysexits(3), and the shell's 126 and 127. Anything
else that escapes is a bug of entrykit's and exits with 70 as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

EX_SOFTWARE = 70


class EntrykitError(Exception):
    """An error with messages for the user and an exit code.

    Args:
        messages: one for each problem, in the order in which they are reported.
    """

    exit_code: int = EX_SOFTWARE

    def __init__(self, *messages: str) -> None:
        self.messages = messages
        super().__init__("\n".join(messages))


class UsageError(EntrykitError):
    """The command line is invalid."""

    exit_code = 64


class CheckError(EntrykitError):
    """The daemon refused the staged files, or was killed while it checked them.

    Args:
        argv: the command of the check.
        status: its exit status, negative for a signal.
        output: its whole output, with secrets masked.
    """

    exit_code = 65

    def __init__(self, argv: Sequence[str], status: int, output: str) -> None:
        self.argv = tuple(argv)
        self.status = status
        self.output = output
        outcome = (
            "refused the configuration" if status > 0 else f"was killed by {signal_name(-status)}"
        )
        super().__init__(
            f"{argv[0]} {outcome}; nothing was changed\n"
            f"  command: {' '.join(argv)}\n"
            f"  status: {status}\n"
            f"{_indent(output)}\n"
            f"TIP: {_tip(output)}"
        )


class WaitError(EntrykitError):
    """Not all targets were available within the time limit.

    Args:
        messages: a line for each missing target, with its last state.
    """

    exit_code = 69

    def __init__(self, messages: Iterable[str]) -> None:
        super().__init__(*messages)


class RenderError(EntrykitError):
    """A template is broken or uses an undefined name.

    Args:
        place: the template and the line, as `haproxy.cfg.j2:12`.
        reason: what is wrong there.
    """

    exit_code = 70

    def __init__(self, place: str, reason: str) -> None:
        self.place = place
        self.reason = reason
        super().__init__(f"{place}: {reason}")


class RoleError(EntrykitError):
    """The code of an external role is broken.

    Args:
        messages: a line each, of the form `/roles/app/role.py:12: what is wrong`.
    """

    exit_code = 70

    def __init__(self, messages: Iterable[str]) -> None:
        super().__init__(*messages)


class CommitError(EntrykitError):
    """A file could not be written; what was there before is unchanged.

    Args:
        path: the file or directory.
        reason: the error of the system, or why entrykit refuses to write it.
        tip: what would help.
    """

    exit_code = 73

    def __init__(self, path: str, reason: str, tip: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}\nTIP: {tip}")


class SettingsError(EntrykitError):
    """All invalid variables at once, a line each, in the order of the model.

    Args:
        messages: lines of the form `NAME: what is wrong (what would be right)`.
    """

    exit_code = 78

    def __init__(self, messages: Iterable[str]) -> None:
        super().__init__(*messages)


class HandOverError(EntrykitError):
    """A program cannot be executed.

    Args:
        program: its name or path.
        reason: why not.
        found: whether it exists: exit code 126 if so, 127 if not.
    """

    def __init__(self, program: str, reason: str, *, found: bool) -> None:
        self.program = program
        self.exit_code = 126 if found else 127
        super().__init__(f"{program or repr(program)}: {reason}")


def signal_name(number: int) -> str:
    """Return the name of a signal, e.g. SIGKILL."""
    from signal import Signals

    return Signals(number).name if number in set(Signals) else f"signal {number}"


def _tip(output: str) -> str:
    """Return a hint; nginx's check binds its ports (bind(2): EACCES is for those below 1024)."""
    if re.search(r"bind\(\) to \S+ failed \(13: ", output):
        return "ports below 1024 are reserved for root: choose a higher one (e.g. HTTP_PORT=8080)"
    return "`entrykit render … -o DIR` with the same variables shows the files"


def _indent(text: str) -> str:
    return "\n".join(f"  | {line}" for line in text.rstrip().splitlines())


T = TypeVar("T")


class InvalidValue(ValueError):  # noqa: N818 -- it holds several errors
    """All that is wrong with one text.

    Args:
        messages: one for each problem, in order, without the name of the variable:
            only the caller knows it.
    """

    def __init__(self, messages: Iterable[str]) -> None:
        self.messages = tuple(messages)
        super().__init__("\n".join(self.messages))


def parse_each(parse: Callable[[str], T], texts: Iterable[str]) -> list[T]:
    """Parse each text.

    Raises:
        InvalidValue: with the messages of all texts, in order, each once.
    """
    good: list[T] = []
    messages: list[str] = []
    for text in texts:
        try:
            good.append(parse(text))
        except InvalidValue as error:
            messages += error.messages
    if messages:
        raise InvalidValue(dict.fromkeys(messages))
    return good
