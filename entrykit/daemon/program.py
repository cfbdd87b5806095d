"""Find a program, and query it, e.g. for its version."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NoReturn

from entrykit.display import display
from entrykit.errors import HandOverError, signal_name

if TYPE_CHECKING:
    from subprocess import Popen

# Where execvp(3) looks when there is no PATH.
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MAX_OUTPUT: Final = 1 << 16


def find(program: str, environ: Mapping[str, str]) -> str:
    """Find a program as execvp(3) does.

    Raises:
        HandOverError: it or a script's interpreter does not exist (127), or it is not
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
    """Check the first line of a script: execve(2) would only report ENOENT."""
    with suppress(OSError), open(program, "rb") as file:
        sign, _, line = file.readline(256).partition(b"#!")
        words = b"" if sign else line.strip(b" \t\n").replace(b"\t", b" ")
        interpreter = os.fsdecode(words.partition(b" ")[0])
        if interpreter.startswith("/") and not os.path.exists(interpreter):
            reason = f"its interpreter {display(interpreter)} does not exist"
            raise HandOverError(program, reason, found=False)


def execution_error(path: str, error: OSError) -> HandOverError:
    """Translate an error of execve(2), which is ENOENT if a script's interpreter is missing too."""
    return HandOverError(path, str(error.strerror), found=error.errno != errno.ENOENT)


def query(
    argv: Sequence[str],
    environ: Mapping[str, str],
    seconds: float = 20.0,
    *,
    extra: Mapping[str, str] | None = None,
    pass_fds: Collection[int] = (),
) -> str:
    """Ask a program about itself, e.g. for its version.

    Its environment is PATH and LC_ALL=C, so it sees no secrets; it has no standard input and no
    terminal. It is killed, with its process group, if it takes too long or writes more than
    64 KiB.

    Args:
        argv: the program, a name or a path, and its arguments.
        environ: its PATH is searched for the program, and passed on.
        seconds: the time limit.
        extra: further variables for the program.
        pass_fds: descriptors that it inherits.

    Returns:
        Its standard output and standard error, in the order in which they were written.

    Raises:
        HandOverError: it does not exist, cannot be executed, does not end in time, writes too
            much, or exits with another status than 0.
    """
    import subprocess

    program = find(argv[0], environ)
    try:
        child = subprocess.Popen(
            argv,
            executable=program,
            env=_minimal_environ(environ) | dict(extra or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=pass_fds,
        )
    except OSError as error:
        raise execution_error(program, error) from error
    return _read_answer(child, program, " ".join(argv), seconds)


def _minimal_environ(environ: Mapping[str, str]) -> dict[str, str]:
    return {"PATH": environ.get("PATH") or _DEFAULT_PATH, "LC_ALL": "C"}


def _read_answer(child: Popen[bytes], program: str, command: str, seconds: float) -> str:
    """Read what a program writes until it ends, and leave no process of it behind."""
    import subprocess

    output = bytearray()
    try:
        _read_until_end(child, output, seconds)
    except subprocess.TimeoutExpired:
        _refuse(program, f"`{command}` does not end within {seconds:g} s", output)
    finally:
        if child.returncode is None:  # not reaped yet: the number is still its own
            _kill_group(child)
        assert child.stdout  # noqa: S101 -- tells the type checker what PIPE means
        child.stdout.close()
    if len(output) > _MAX_OUTPUT:
        _refuse(program, f"`{command}` writes more than {_MAX_OUTPUT} bytes", output[:_MAX_OUTPUT])
    if child.returncode:
        _refuse(program, f"`{command}` {_describe_status(child.returncode)}", output)
    return output.decode(errors="replace")


def _read_until_end(child: Popen[bytes], output: bytearray, seconds: float) -> None:
    """Append to `output` until the program ends or has written too much.

    Raises:
        TimeoutExpired: it did not end in time.
    """
    import select
    import subprocess

    assert child.stdout  # noqa: S101 -- tells the type checker what PIPE means
    end = time.monotonic() + seconds
    pipe = select.poll()
    pipe.register(child.stdout, select.POLLIN)
    while len(output) <= _MAX_OUTPUT:
        if not pipe.poll(max(end - time.monotonic(), 0) * 1000):
            raise subprocess.TimeoutExpired(child.args, seconds)
        data = os.read(child.stdout.fileno(), _MAX_OUTPUT)
        output += data
        if not data:
            child.wait(max(end - time.monotonic(), 0))
            return


def _kill_group(child: Popen[bytes]) -> None:
    from signal import SIGKILL

    with suppress(ProcessLookupError):
        os.killpg(child.pid, SIGKILL)
    child.wait()


def _describe_status(status: int) -> str:
    return f"exits with status {status}" if status > 0 else f"was killed by {signal_name(-status)}"


def _refuse(program: str, problem: str, output: bytes | bytearray) -> NoReturn:
    """Raise an error with the last line that the program wrote."""
    lines = output.decode(errors="replace").split("\n")
    last = next((line for line in reversed(lines) if line.strip()), "")
    words = f": {display(last.strip())}" if last else ""
    raise HandOverError(program, f"{problem}{words}", found=True)
