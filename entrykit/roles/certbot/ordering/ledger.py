"""What is written down of orders, so that a restart does not forget them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from entrykit.files.fs import write_file

HOUR: Final = 3600
WINDOW: Final = 5 * 34 * HOUR  # a week, and 2 hours more: see `budget`

_FORMAT: Final = "entrykit-budget-1"


@dataclass(slots=True)
class Failures:
    """Of one name.

    Attributes:
        row: how many since the last success.
        last: when the last one was, in Unix seconds.
        refused: when the CA has counted one, within the last hour.
    """

    row: int = 0
    last: float = 0.0
    refused: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Ledger:
    """What the file holds; times are Unix seconds.

    Attributes:
        issued: when certificates were issued for a set of names, by its key.
        names: what has failed.
        begun: the names of an order that has not ended, and when it began.
        lost: when what was known of earlier days was lost.
    """

    issued: dict[str, list[float]] = field(default_factory=dict)
    names: dict[str, Failures] = field(default_factory=dict)
    begun: tuple[list[str], float] | None = None
    lost: float | None = None

    def fail(self, name: str, now: float) -> Failures:
        """Count a failure, and return all those of the name."""
        failures = self.names.setdefault(name, Failures())
        failures.row += 1
        failures.last = now
        return failures

    def clamp_times(self, now: float) -> None:
        """Take what lies in the future for now: a clock that was wrong must not lock us out."""
        self.issued = {key: _clamp(now, times) for key, times in self.issued.items()}
        for failures in self.names.values():
            failures.last = min(failures.last, now)
            failures.refused = _clamp(now, failures.refused)
        if self.lost is not None:
            self.lost = min(self.lost, now)
        if self.begun is not None:
            self.begun = self.begun[0], min(self.begun[1], now)

    def save(self, path: str, now: float) -> None:
        """Write the file, without what no limit counts any more: it is not to grow.

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
        recent = {key: [at for at in times if at > since] for key, times in self.issued.items()}
        self.issued = {key: times for key, times in recent.items() if times}
        for failures in self.names.values():
            failures.refused = [at for at in failures.refused if at > now - HOUR]
        self.names = {
            name: failures
            for name, failures in self.names.items()
            if failures.refused or (failures.row and failures.last > since)
        }
        if self.lost is not None and self.lost <= since:
            self.lost = None

    def _to_tree(self) -> dict[str, Any]:
        names = {
            name: [failures.row, failures.last, failures.refused]
            for name, failures in self.names.items()
        }
        return {
            "format": _FORMAT,
            "issued": self.issued,
            "names": names,
            "begun": self.begun,
            "lost": self.lost,
        }


def read_ledger(path: str) -> Ledger:
    """Read the file; a ledger without anything if there is none.

    Raises:
        OSError: it cannot be read.
        ValueError: it is torn, or nothing of ours.
    """
    import json

    try:
        with open(path, encoding="utf-8") as file:
            return _parse_ledger(json.load(file))
    except FileNotFoundError:
        return Ledger()
    except (TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"not a ledger: {error!r}") from error


def _parse_ledger(tree: Mapping[str, Any]) -> Ledger:
    if tree["format"] != _FORMAT:
        raise ValueError("of another format")
    begun, lost = tree["begun"], tree["lost"]
    return Ledger(
        issued={key: _parse_times(times) for key, times in tree["issued"].items()},
        names={
            name: Failures(int(row), float(last), _parse_times(refused))
            for name, (row, last, refused) in tree["names"].items()
        },
        begun=None if begun is None else ([*map(str, begun[0])], float(begun[1])),
        lost=None if lost is None else float(lost),
    )


def _parse_times(times: Iterable[Any]) -> list[float]:
    return [float(at) for at in times]


def _clamp(now: float, times: Iterable[float]) -> list[float]:
    return [min(at, now) for at in times]
