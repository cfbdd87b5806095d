"""How long to leave something alone that has failed."""

from __future__ import annotations

import random
from typing import Final, NamedTuple

_STEPS: Final = (60, 300, 900, 3600)  # seconds after the first failure in a row, the second …


class _FailureRecord(NamedTuple):
    """How often in a row something has failed, when the last time was, and until when it waits."""

    times: int
    last: float
    until: float


class Backoff:
    """For each key the time before which it is not tried again.

    It lives as long as the process: what may be asked of a CA is in the budget, which stays.
    A clock that has been set back since a failure, by a year perhaps, ends the wait.
    """

    def __init__(self) -> None:
        self._records: dict[str, _FailureRecord] = {}

    def failed(self, key: str, now: float, instead: float | None = None) -> float:
        """Count a failure, and return the seconds until the next attempt.

        Args:
            key: what has failed.
            now: Unix seconds.
            instead: those seconds, where more failures do not mean a longer wait.
        """
        times = self._records[key].times if key in self._records else 0
        step = instead or _STEPS[min(times, len(_STEPS) - 1)]
        pause = step * random.uniform(1, 1.1)  # noqa: S311 -- not all keepers shall come at once
        self._records[key] = _FailureRecord(times + (instead is None), now, now + pause)
        return pause

    def done(self, key: str) -> None:
        """Forget the failures: it went well."""
        self._records.pop(key, None)

    def waits(self, key: str, now: float) -> float:
        """Return the seconds until it may be tried again, 0 if it may."""
        failed = self._records.get(key)
        return max(0.0, failed.until - now) if failed and failed.last <= now else 0.0

    def hurry(self) -> None:
        """Let everything be tried at once."""
        self._records = {key: each._replace(until=0.0) for key, each in self._records.items()}
