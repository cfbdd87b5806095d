"""What the keeper is told by signals, and waiting that ends as soon as it is.

PID 1 gets only the signals that it handles, and nobody else reaps the orphans of a
container. Python goes on with a system call that a signal has interrupted (PEP 475),
so the main thread waits only on a pipe that each signal writes into; whatever may
block for long, such as asking a name server, is done apart.
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

_STOP_TIMEOUT: Final = 0.5  # seconds that a stop waits for what is done apart


class Stopped(BaseException):
    """The keeper was told to stop; no error of anybody's, so nothing that catches errors has it.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


class Signals:
    """TERM and INT stop; HUP and USR1 begin a round now."""

    def __init__(self) -> None:
        self._stop = 0
        self._round_requested = False
        self._wake_reader, self._wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def listen(self) -> None:
        """Take over the signals of this process."""
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
        """Wait until one of the descriptors has something to read, a signal comes or time is up.

        Returns:
            Those that have; none after a signal, which may be that of a child's end.

        Raises:
            Stopped: one of the signals was, or had been, to stop.
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

    def apart(self, work: Callable[[], T]) -> T:
        """Do what may block in a thread, and be there for signals meanwhile.

        A stop leaves it half a second to come to its end, and then leaves it: the
        process ends, which is what a kill does, and all of it survives that.

        Raises:
            Exception: whatever the work raises.
            Stopped: the keeper was told to stop.
        """
        done: list[T] = []
        failed: list[Exception] = []

        def task() -> None:
            try:
                done.append(work())
            except Exception as error:  # noqa: BLE001 -- it is raised again, by who waits for it
                failed.append(error)
            with suppress(BlockingIOError):  # a full pipe wakes as well
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

    def rest(self, seconds: float) -> bool:
        """Wait between two rounds, and reap what ends meanwhile.

        Returns:
            Whether it was told to begin a round before the time was up.

        Raises:
            Stopped: it was told to stop.
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
    """Take leave of the processes that have ended and have no other parent (wait(2)).

    Args:
        own: a child whose end is somebody else's to see.
    """
    with suppress(ChildProcessError):  # there are no children at all
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if ended.si_pid == own:
                return
            os.waitpid(ended.si_pid, 0)
