"""The keeper's signals, and waits that end as soon as one arrives.

PID 1 receives only the signals that it handles, and has to reap the orphans of its
container. Python resumes a system call that a signal has interrupted (PEP 475), so the
main thread waits only on a pipe that each signal writes to; what may block for long,
such as a query to a name server, runs in a thread.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from types import FrameType

T = TypeVar("T")

_STOP_TIMEOUT: Final = 0.5  # seconds that a stop waits for the work in a thread


class Stopped(BaseException):
    """The keeper received a signal to stop; not an Exception, so that no handler catches it.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


class Signals:
    """Handles TERM and INT, which stop the keeper, and HUP and USR1, which begin a round now."""

    def __init__(self) -> None:
        self._stop = 0
        self._round_requested = False
        self._wake_reader, self._wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def listen(self) -> None:
        """Install the handlers in this process."""
        signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        for number in (signal.SIGHUP, signal.SIGUSR1):
            signal.signal(number, self._on_round)
        signal.signal(signal.SIGCHLD, _ignore_signal)

    def _on_stop(self, number: int, _frame: FrameType | None) -> None:
        self._stop = self._stop or number

    def _on_round(self, _number: int, _frame: FrameType | None) -> None:
        self._round_requested = True

    def wait(self, seconds: float, *descriptors: int) -> Collection[int]:
        """Wait until a descriptor is readable, a signal arrives or the time is up.

        Returns:
            The readable descriptors; none after a signal, which may be SIGCHLD.

        Raises:
            Stopped: a signal to stop has arrived, now or earlier.
        """
        import select

        self._raise_if_stopped()
        poll = select.poll()
        for descriptor in (self._wake_reader, *descriptors):
            poll.register(descriptor, select.POLLIN)
        ready = [found for found, _ in poll.poll(max(0.0, seconds) * 1000)]
        with suppress(BlockingIOError):
            os.read(self._wake_reader, 4096)
        self._raise_if_stopped()
        return [found for found in ready if found != self._wake_reader]

    def _raise_if_stopped(self) -> None:
        if self._stop:
            raise Stopped(self._stop)

    def run_in_thread(self, work: Callable[[], T]) -> T:
        """Do work that may block in a thread, and react to signals meanwhile.

        After a signal to stop the work has half a second to finish, and is then abandoned
        as the process ends: like a kill, which all the work has to survive anyway.

        Raises:
            Exception: whatever the work raises.
            Stopped: a signal to stop has arrived.
        """
        done: list[T] = []
        failed: list[Exception] = []

        def task() -> None:
            try:
                done.append(work())
            except Exception as error:  # noqa: BLE001 -- it is raised again in the main thread
                failed.append(error)
            with suppress(BlockingIOError):  # a full pipe wakes the main thread as well
                os.write(self._wake_writer, b"\0")

        thread = Thread(target=task, daemon=True)
        thread.start()
        try:
            while not done and not failed:
                self.wait(60)
        except Stopped:
            thread.join(_STOP_TIMEOUT)
            raise
        if failed:
            raise failed[0]
        return done[0]

    def sleep(self, seconds: float) -> bool:
        """Wait between two rounds, and reap the orphans that end meanwhile.

        Returns:
            Whether a signal requested a round before the time was up.

        Raises:
            Stopped: a signal to stop has arrived.
        """
        until = time.monotonic() + seconds
        while not self._round_requested and (left := until - time.monotonic()) > 0:
            self.wait(left)
            reap()
        again, self._round_requested = self._round_requested, False
        return again


def _ignore_signal(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: a signal without a handler in Python does not write into the pipe."""


def reap(own: int | None = None) -> None:
    """Reap the children and orphans that have ended (wait(2)).

    Args:
        own: a child that the caller waits for, and that is left to it.
    """
    with suppress(ChildProcessError):  # there are no children
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if ended.si_pid == own:
                return
            os.waitpid(ended.si_pid, 0)
