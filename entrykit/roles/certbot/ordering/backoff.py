"""Delays between the attempts at something that keeps failing."""

from __future__ import annotations

import random
from typing import Final, NamedTuple

_STEPS: Final = (60, 300, 900, 3600)  # seconds after the first failure in a row, the second …


class _FailureRecord(NamedTuple):
    """How many times in a row something failed, when it last did, and when to try it again."""

    times: int
    last: float
    until: float


class Backoff:
    """Keeps for each key the time before which it is not tried again.

    It is not saved: what may be requested from a CA is up to the rate limits, which are.
    The delay ends if the clock has been set back since the failure, perhaps by a year.
    """

    def __init__(self) -> None:
        self._records: dict[str, _FailureRecord] = {}

    def record_failure(self, key: str, now: float, instead: float | None = None) -> float:
        """Count a failure, and return the seconds until the next attempt.

        Args:
            key: what has failed.
            now: Unix seconds.
            instead: a fixed delay in seconds, where more failures do not mean a longer one.
        """
        times = self._records[key].times if key in self._records else 0
        step = instead or _STEPS[min(times, len(_STEPS) - 1)]
        pause = step * random.uniform(1, 1.1)  # noqa: S311 -- spreads the keepers of many hosts
        self._records[key] = _FailureRecord(times + (instead is None), now, now + pause)
        return pause

    def reset(self, key: str) -> None:
        """Forget the failures of a key after a success."""
        self._records.pop(key, None)

    def delay(self, key: str, now: float) -> float:
        """Return the seconds until it may be tried again, 0 if it may."""
        failed = self._records.get(key)
        return max(0.0, failed.until - now) if failed and failed.last <= now else 0.0

    def end_delays(self) -> None:
        """Allow everything to be tried now; the failures still count."""
        self._records = {key: each._replace(until=0.0) for key, each in self._records.items()}
