"""The signals that stop a container, from our first moment to the hand-over.

As PID 1 a process gets no signal that it does not handle: without this, a container
that is told to stop while its files are checked would start its daemon all the same.
What is ignored (nohup) stays so. Exec resets the handlers.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

# Images of HAProxy are stopped by SIGUSR1, of nginx by SIGQUIT.
_STOP_SIGNALS: Final = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGQUIT,
    signal.SIGHUP,
)


def exit_on_signals() -> None:
    """Let each end us with 128 and its number while there is nothing to clear up.

    An exception would come out of imports, where it is taken for one of theirs.
    """
    for number in _STOP_SIGNALS:
        if _is_unhandled(number):
            signal.signal(number, _exit_now)


@contextmanager
def handle_stop_signals() -> Iterator[None]:
    """Let each end us in good order, with 128 and its number.

    Raises:
        SystemExit: told to stop, whatever the code that was at work has made of that.
    """
    told: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)  # a second one would disturb the clearing up
        told.append(128 + number)
        raise SystemExit(128 + number)

    before = {number: signal.getsignal(number) for number in _STOP_SIGNALS if _is_unhandled(number)}
    with suppress(ValueError):  # in a thread, signals are not for us
        for number in before:
            signal.signal(number, stop)
    try:
        yield
    except BaseException:
        if told:
            raise SystemExit(told[0]) from None
        raise
    finally:
        with suppress(ValueError):
            for number, handler in before.items():
                signal.signal(number, handler)


def _exit_now(number: int, _frame: FrameType | None) -> None:
    os._exit(128 + number)


def _is_unhandled(number: int) -> bool:
    return signal.getsignal(number) in {signal.SIG_DFL, signal.default_int_handler, _exit_now}
