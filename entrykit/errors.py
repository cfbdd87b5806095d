"""What can go wrong, drawn as a tree.

EntrykitError                  one message, no traceback
    UsageError          64     the words on the command line are off
    CheckError          65     the daemon refused the staged files
    WaitError           69     what was waited for did not come in time
    RenderError         70     a template is broken
    RoleError           70     the code of a role from elsewhere is
    CommitError         73     the files cannot be written
    SettingsError       78     bad variables, one line each
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
    """What a person is told, and the exit code that goes with it.

    Args:
        messages: one for each problem, in the order in which they are reported.
    """

    exit_code: int = EX_SOFTWARE

    def __init__(self, *messages: str) -> None:
        self.messages = messages
        super().__init__("\n".join(messages))


class UsageError(EntrykitError):
    """The command line asks for what is not there."""

    exit_code = 64


class CheckError(EntrykitError):
    """The daemon's own refusal of the staged files, whole; or that it was killed while judging.

    Args:
        argv: the command that judged them.
        status: its exit status, negative where a signal has killed it.
        output: its words, secrets already masked.
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
    """Not everything came in the time that there was.

    Args:
        missing: a line for each thing that is not there, with what was seen last.
    """

    exit_code = 69

    def __init__(self, missing: Iterable[str]) -> None:
        self.missing = tuple(missing)
        super().__init__(*self.missing)


class RenderError(EntrykitError):
    """A template is broken or asks for a name that is not there.

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
    """The code of a role that is not entrykit's own is broken.

    Args:
        messages: a line each, of the form `/roles/app/role.py:12: what is wrong`.
    """

    exit_code = 70

    def __init__(self, messages: Iterable[str]) -> None:
        super().__init__(*messages)


class CommitError(EntrykitError):
    """A file could not be written; what stood there before still stands.

    Args:
        path: the file or folder in question.
        reason: what the system said, or why we would not.
        tip: what would help.
    """

    exit_code = 73

    def __init__(self, path: str, reason: str, tip: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}\nTIP: {tip}")


class SettingsError(EntrykitError):
    """Every bad variable at once, a line each, in the order of the model.

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
        found: whether it is there at all: exit code 126 if so, 127 if not.
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
    """Say what helps; nginx's check binds its ports (bind(2): EACCES is for those below 1024)."""
    if re.search(r"bind\(\) to \S+ failed \(13: ", output):
        return "a port below 1024 is root's to open: choose a higher one (HTTP_PORT=8080, say)"
    return "`entrykit render … -o DIR` with the same variables shows the files"


def _indent(text: str) -> str:
    return "\n".join(f"  | {line}" for line in text.rstrip().splitlines())


T = TypeVar("T")


class InvalidValue(ValueError):  # noqa: N818 -- it holds several errors
    """Everything that is wrong with one text.

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
