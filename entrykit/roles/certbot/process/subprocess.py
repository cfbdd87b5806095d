"""One child of the keeper's, run to its end or until the keeper is told to stop."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from entrykit.roles.certbot.process.signals import Signals, Stopped, reap

if TYPE_CHECKING:
    import subprocess

_GRACE: Final = 0.3  # seconds: certbot ends of a TERM in less, or is left with what heals
_MAX_BYTES: Final = 1 << 20  # octets of its output that are kept; a run writes some thousand


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """How a child has ended.

    Attributes:
        code: its exit code, negative for the signal that killed it.
        output: what it said, standard output and error in one.
    """

    code: int
    output: str


def signal_name(number: int) -> str:
    """Return the name of a signal, such as SIGKILL; its number if it has none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def run(
    argv: Sequence[str],
    environ: Mapping[str, str],
    signals: Signals,
    say: Callable[[str], None],
    limit: float = 3600.0,
) -> ProcessResult:
    """Run a program in a process group of its own.

    Args:
        argv: the program and its words.
        environ: its environment.
        signals: what may stop it.
        say: is given each line that it writes.
        limit: seconds after which it is ended all the same: as nothing else can run
            beside it, one that hangs would be the end of all renewals.

    Raises:
        OSError: it cannot be executed.
        Stopped: the keeper was told to stop. The group is gone by then, hooks included.
    """
    import subprocess

    child = subprocess.Popen(
        argv,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,
    )
    try:
        output = _read_until_exit(child, signals, say, time.monotonic() + limit)
    except (Exception, Stopped):
        _terminate(child)
        raise
    finally:
        assert child.stdout  # noqa: S101 -- tells the type checker what PIPE means
        child.stdout.close()
    return ProcessResult(child.returncode, output)


def _read_until_exit(
    child: subprocess.Popen[bytes], signals: Signals, say: Callable[[str], None], until: float
) -> str:
    """Read what a child writes until it ends: a process that it leaves may keep the pipe open."""
    assert child.stdout  # noqa: S101 -- tells the type checker what PIPE means
    pipe = child.stdout.fileno()
    os.set_blocking(pipe, False)
    output, told = bytearray(), 0
    while child.poll() is None:
        signals.wait(min(until - time.monotonic(), 1.0), pipe)
        open_ended = _drain(pipe, output)
        told = _report_lines(output, told, say)
        if time.monotonic() > until:
            say("it takes too long and is ended")
            _terminate(child)
        if not open_ended:
            signals.wait(0.01)  # its end comes a moment after that of its output
        reap(own=child.pid)
    _drain(pipe, output)
    _report_lines(output + b"\n", told, say)
    return output[-_MAX_BYTES:].decode(errors="replace")


def _drain(pipe: int, output: bytearray) -> bool:
    """Read what there is; whether there may be more to come."""
    try:
        while data := os.read(pipe, 1 << 16):
            output += data
    except BlockingIOError:
        return True
    return False


def _report_lines(output: bytearray | bytes, told: int, say: Callable[[str], None]) -> int:
    """Say the whole lines that are new; returns how much has been said in all."""
    end = output.rfind(b"\n") + 1
    for line in output[told:end].decode(errors="replace").splitlines():
        say(line)
    return max(told, end)


def _terminate(child: subprocess.Popen[bytes]) -> None:
    """End a child and its group.

    It is always sent TERM, of which certbot dies at once; of INT it takes its time to
    tell the CA. What is left then, such as a hook's shell, is killed.
    """
    import subprocess

    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        child.wait(_GRACE)
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
