"""The record of orders on the disk, so that a restart does not forget them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from entrykit.files.fs import write_file
from entrykit.roles.certbot.json_file import read_json

HOUR: Final = 3600
WINDOW: Final = 5 * 34 * HOUR  # a week and 2 hours: see `rate_limits`

_FORMAT: Final = "entrykit-budget-1"


@dataclass(slots=True)
class Failures:
    """The failures of one name.

    Attributes:
        consecutive: their number since the last success.
        last: the time of the last one, in Unix seconds.
        refusals: the times within the last hour that the CA counts.
    """

    consecutive: int = 0
    last: float = 0.0
    refusals: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Ledger:
    """The content of the file; times are Unix seconds.

    Attributes:
        issuances: when certificates were issued for a set of names, by the key of the set.
        failures: by name.
        pending: the names of an order that has not ended, and when it began.
        lost_at: when an earlier record was lost; None if none was.
    """

    issuances: dict[str, list[float]] = field(default_factory=dict)
    failures: dict[str, Failures] = field(default_factory=dict)
    pending: tuple[list[str], float] | None = None
    lost_at: float | None = None

    def record_failure(self, name: str, now: float) -> Failures:
        """Count a failure of a name, and return all of its failures."""
        failures = self.failures.setdefault(name, Failures())
        failures.consecutive += 1
        failures.last = now
        return failures

    def clamp_times(self, now: float) -> None:
        """Replace times in the future by now: a clock that was wrong must not block orders."""
        self.issuances = {key: _clamp(now, times) for key, times in self.issuances.items()}
        for failures in self.failures.values():
            failures.last = min(failures.last, now)
            failures.refusals = _clamp(now, failures.refusals)
        if self.lost_at is not None:
            self.lost_at = min(self.lost_at, now)
        if self.pending is not None:
            self.pending = self.pending[0], min(self.pending[1], now)

    def save(self, path: str, now: float) -> None:
        """Write the file, without what no limit counts any more, so that it does not grow.

        Raises:
            OSError: it cannot be written.
        """
        import json

        self._drop_expired(now)
        data = json.dumps(self._to_tree(), separators=(",", ":"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write_file(path, f"{data}\n".encode(), 0o600)

    def _drop_expired(self, now: float) -> None:
        since = now - WINDOW
        recent = {key: [at for at in times if at > since] for key, times in self.issuances.items()}
        self.issuances = {key: times for key, times in recent.items() if times}
        for failures in self.failures.values():
            failures.refusals = [at for at in failures.refusals if at > now - HOUR]
        self.failures = {
            name: failures
            for name, failures in self.failures.items()
            if failures.refusals or (failures.consecutive and failures.last > since)
        }
        if self.lost_at is not None and self.lost_at <= since:
            self.lost_at = None

    def _to_tree(self) -> dict[str, Any]:
        names = {
            name: [failures.consecutive, failures.last, failures.refusals]
            for name, failures in self.failures.items()
        }
        return {
            "format": _FORMAT,
            "issued": self.issuances,
            "names": names,
            "begun": self.pending,
            "lost": self.lost_at,
        }


def read_ledger(path: str) -> Ledger:
    """Read the file; an empty ledger if there is none.

    Raises:
        OSError: it cannot be read.
        ValueError: it is damaged, or not a ledger.
    """
    try:
        return read_json(path, _parse_ledger)
    except FileNotFoundError:
        return Ledger()


def _parse_ledger(tree: Any) -> Ledger:  # noqa: ANN401 -- as JSON has it
    if tree["format"] != _FORMAT:
        raise ValueError("of another format")
    pending, lost_at = tree["begun"], tree["lost"]
    return Ledger(
        issuances={key: _parse_times(times) for key, times in tree["issued"].items()},
        failures={
            name: Failures(int(consecutive), float(last), _parse_times(refusals))
            for name, (consecutive, last, refusals) in tree["names"].items()
        },
        pending=None if pending is None else ([*map(str, pending[0])], float(pending[1])),
        lost_at=None if lost_at is None else float(lost_at),
    )


def _parse_times(times: Iterable[Any]) -> list[float]:
    return [float(at) for at in times]


def _clamp(now: float, times: Iterable[float]) -> list[float]:
    return [min(at, now) for at in times]
