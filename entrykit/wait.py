"""Wait until all of several things are there, for a limited time."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from typing import Final

from entrykit.errors import WaitError
from entrykit.log import Log
from entrykit.probe import missing
from entrykit.variables.targets import Target

_PAUSE: Final = 0.2
_SILENCE: Final = 5.0

_Sight = tuple[Target, str | None]


def wait(targets: Sequence[Target], milliseconds: int, log: Log) -> None:
    """Return as soon as all are there. They are looked at side by side.

    A thread each: a name server that is silent holds up getaddrinfo(3), which knows no limit.
    This thread only listens to them, so that signals are heard at once.

    Args:
        targets: what is waited for.
        milliseconds: the most that it may take.
        log: told what is waited for, what is seen, and what is there.

    Raises:
        WaitError: the time is over, or one cannot even be looked at.
    """
    listed = ", ".join(map(str, targets))
    log.info(f"waiting for {listed}, at most {milliseconds / 1000:g} s")
    start = time.monotonic()
    sights = _sights(targets)
    seen: dict[Target, str | None] = dict.fromkeys(targets, "nothing yet")
    while any(seen.values()):
        left = start + milliseconds / 1000 - time.monotonic()
        try:
            target, sight = sights.get(timeout=max(left, 0))
        except Empty:
            raise WaitError(_late(seen, milliseconds)) from None
        if sight != seen[target]:
            log.info(f"{target}: {sight or f'there, after {time.monotonic() - start:.1f} s'}")
        seen[target] = sight


def _sights(targets: Sequence[Target]) -> SimpleQueue[_Sight]:
    """Start to look at all; what is seen goes into the queue."""
    sights: SimpleQueue[_Sight] = SimpleQueue()
    for target in targets:
        try:
            threading.Thread(target=_watch, args=(target, sights), daemon=True).start()
        except RuntimeError as error:  # a limit on processes or memory
            raise WaitError([f"{target}: cannot be looked at: {error}"]) from None
    return sights


def _late(seen: dict[Target, str | None], milliseconds: int) -> list[str]:
    return [
        f"{target}: not there after {milliseconds / 1000:g} s (seen last: {sight})"
        for target, sight in seen.items()
        if sight
    ]


def _watch(target: Target, sights: SimpleQueue[_Sight]) -> None:
    """Look again and again; the process ends before its threads do."""
    while sight := missing(target, _SILENCE):
        sights.put((target, sight))
        time.sleep(_PAUSE)
    sights.put((target, None))
