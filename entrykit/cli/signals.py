"""The signals that stop a container, handled until the hand-over.

PID 1 receives only the signals that it handles: without this, a container that is
stopped while its files are checked would start its daemon anyway. Ignored signals
(nohup) stay ignored. Exec resets the handlers.
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
    """Exit with 128 plus the number of the signal while there is nothing to clean up.

    An exception would surface in imports, which may mistake it for one of their own.
    """
    for number in _STOP_SIGNALS:
        if _is_unhandled(number):
            signal.signal(number, _exit_now)


@contextmanager
def handle_stop_signals() -> Iterator[None]:
    """Clean up and exit with 128 plus the number of the signal.

    Raises:
        SystemExit: a signal arrived, even if other code replaced that exception.
    """
    codes: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)  # a second one would interrupt the cleanup
        codes.append(128 + number)
        raise SystemExit(128 + number)

    before = {number: signal.getsignal(number) for number in _STOP_SIGNALS if _is_unhandled(number)}
    with suppress(ValueError):  # only the main thread can handle signals
        for number in before:
            signal.signal(number, stop)
    try:
        yield
    except BaseException:
        if codes:
            raise SystemExit(codes[0]) from None
        raise
    finally:
        with suppress(ValueError):
            for number, handler in before.items():
                signal.signal(number, handler)


def _exit_now(number: int, _frame: FrameType | None) -> None:
    os._exit(128 + number)


def _is_unhandled(number: int) -> bool:
    return signal.getsignal(number) in {signal.SIG_DFL, signal.default_int_handler, _exit_now}
