"""Run a child of the keeper until it ends, or the keeper is stopped."""

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

_GRACE: Final = 0.3  # seconds: certbot ends in less after TERM; what a kill leaves is repaired
_MAX_BYTES: Final = 1 << 20  # bytes of its output that are kept; a run writes some thousand


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """The exit code and the output of a child.

    Attributes:
        code: its exit code, or the negative number of the signal that killed it.
        output: its standard output and error together.
    """

    code: int
    output: str


def signal_name(number: int) -> str:
    """Return the name of a signal, such as SIGKILL, or its number if it has none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def run(
    argv: Sequence[str],
    environ: Mapping[str, str],
    signals: Signals,
    report: Callable[[str], None],
    limit: float = 3600.0,
) -> ProcessResult:
    """Run a program in a process group of its own.

    Args:
        argv: the program and its arguments.
        environ: its environment.
        signals: may stop it.
        report: gets each line of its output.
        limit: seconds after which it is terminated: nothing else can run beside it, so one
            that hangs would end all renewals.

    Raises:
        OSError: it cannot be executed.
        Stopped: the keeper received a signal to stop; the whole group, hooks included, has
            ended by then.
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
        output = _read_until_exit(child, signals, report, time.monotonic() + limit)
    except (Exception, Stopped):
        _terminate(child)
        raise
    finally:
        assert child.stdout  # noqa: S101 -- tells the type checker what PIPE means
        child.stdout.close()
    return ProcessResult(child.returncode, output)


def _read_until_exit(
    child: subprocess.Popen[bytes], signals: Signals, report: Callable[[str], None], until: float
) -> str:
    """Read the output of a child until it ends; its own children may keep the pipe open."""
    assert child.stdout  # noqa: S101 -- tells the type checker what PIPE means
    pipe = child.stdout.fileno()
    os.set_blocking(pipe, False)
    output, reported = bytearray(), 0
    while child.poll() is None:
        signals.wait(min(until - time.monotonic(), 1.0), pipe)
        open_ended = _drain(pipe, output)
        reported = _report_lines(output, reported, report)
        if time.monotonic() > until:
            report("it takes too long and is terminated")
            _terminate(child)
        if not open_ended:
            signals.wait(0.01)  # its end comes a moment after that of its output
        reap(own=child.pid)
    _drain(pipe, output)
    _report_lines(output + b"\n", reported, report)
    return output[-_MAX_BYTES:].decode(errors="replace")


def _drain(pipe: int, output: bytearray) -> bool:
    """Read what is available; return whether more may follow."""
    try:
        while data := os.read(pipe, 1 << 16):
            output += data
    except BlockingIOError:
        return True
    return False


def _report_lines(output: bytearray | bytes, reported: int, report: Callable[[str], None]) -> int:
    """Report the complete new lines; return how much of the output is reported now."""
    end = output.rfind(b"\n") + 1
    for line in output[reported:end].decode(errors="replace").splitlines():
        report(line)
    return max(reported, end)


def _terminate(child: subprocess.Popen[bytes]) -> None:
    """Terminate a child and its group.

    By TERM whatever the keeper received: certbot dies of it at once, while after INT it
    first deactivates its authorizations. What is left, such as a hook's shell, is killed.
    """
    import subprocess

    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        child.wait(_GRACE)
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
