"""Find a program, and ask it about itself."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from contextlib import suppress

from entrykit.display import display
from entrykit.errors import HandOverError

# Where execvp(3) looks when there is no PATH.
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def find(program: str, environ: Mapping[str, str]) -> str:
    """Find a program as execvp(3) does.

    Raises:
        HandOverError: it or a script's interpreter is not there (127), or it is not
            executable (126).
    """
    if os.path.dirname(program):
        there = [program] if os.path.exists(program) else []
    else:
        path = environ.get("PATH") or _DEFAULT_PATH
        places = [os.path.join(folder, program) for folder in path.split(":")]
        there = [place for place in places if os.path.isfile(place)]
    for place in there:
        if os.path.isfile(place) and os.access(place, os.X_OK):
            _refuse_without_interpreter(place)
            return place
    if there:
        raise HandOverError(there[0], "not executable", found=True)
    where = "" if os.path.dirname(program) else " in PATH"
    raise HandOverError(program, f"no such program{where}", found=False)


def _refuse_without_interpreter(program: str) -> None:
    """Read a script's first line as execve(2) does, which would only say: no such file."""
    with suppress(OSError), open(program, "rb") as file:
        sign, _, line = file.readline(256).partition(b"#!")
        words = b"" if sign else line.strip(b" \t\n").replace(b"\t", b" ")
        interpreter = os.fsdecode(words.partition(b" ")[0])
        if interpreter.startswith("/") and not os.path.exists(interpreter):
            reason = f"its interpreter {display(interpreter)} is not there"
            raise HandOverError(program, reason, found=False)


def execution_error(path: str, error: OSError) -> HandOverError:
    """Say what the system said; it also finds no file where a script's interpreter is missing."""
    return HandOverError(path, str(error.strerror), found=error.errno != errno.ENOENT)
