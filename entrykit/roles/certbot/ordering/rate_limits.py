"""Limits on requests to the CA, so that its own limits are never reached.

Those are the ones of Let's Encrypt: 5 certificates for exactly the same names in 7 days,
refilled by one every 34 hours; 5 failed validations of a name in an hour. An account that
reaches a limit is locked out until it has passed, and the CA grants no exceptions.

The counts are kept in a file, because most often it is a container that restarts again
and again that reaches a limit. The file is written before an order begins.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import Final

from entrykit.files.fs import move_file
from entrykit.log import Log
from entrykit.roles.certbot.ordering.ledger import HOUR, WINDOW, Ledger, read_ledger

_MAX_ISSUANCES: Final = 5
_MAX_REFUSALS: Final = 5
_STEPS: Final = (60, 300, 900, HOUR)  # seconds after the first failure in a row, the second …

CSR_SENT: Final = '"csr":'  # in certbot's log of a request: the certificate was requested


class RateLimits:
    """Counts requests to the CA, and decides which ones are allowed now.

    Every method may raise OSError if the file cannot be read or written; what cannot be
    recorded must not be ordered.

    Args:
        path: of the file; it is created when it is needed.
        log: gets a warning if the file is damaged. Each set of names then counts as
            issued 4 times just now, so that it can be ordered once: unlimited orders could
            exceed the CA's limits, and without any order certificates would expire.
    """

    def __init__(self, path: str, log: Log) -> None:
        self._path, self._log = path, log
        self._read: Ledger | None = None

    def refusal(self, names: Collection[str], now: float) -> str | None:
        """Return why a certificate for exactly these names may not be ordered now.

        Returns:
            The reason, with the time when an order is possible; None if it is possible now.
        """
        ledger = self._load_ledger(now)
        times = [ledger.lost_at] * (_MAX_ISSUANCES - 1) if ledger.lost_at is not None else []
        times = [*times, *ledger.issuances.get(_hash_names(names), ())]
        recent = sorted(at for at in times if at > now - WINDOW)
        if len(recent) < _MAX_ISSUANCES:
            return None
        until = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(recent[-_MAX_ISSUANCES] + WINDOW))
        return (
            f"certificates for exactly these names were issued {len(recent)} times in a week, "
            f"and the CA allows {_MAX_ISSUANCES}: not ordered before {until}"
        )

    def delay(self, name: str, now: float) -> float:
        """Return the seconds until this name may be tried again; 0 if it may."""
        failures = self._load_ledger(now).failures.get(name)
        if failures is None:
            return 0.0
        step = _STEPS[min(failures.consecutive, len(_STEPS)) - 1] if failures.consecutive else 0
        until = failures.last + step
        recent = [at for at in failures.refusals if at > now - HOUR]
        if len(recent) >= _MAX_REFUSALS:
            until = max(until, recent[-_MAX_REFUSALS] + HOUR)
        return max(0.0, until - now)

    def record_begin(self, names: Sequence[str], now: float) -> None:
        """Record that an order begins."""
        ledger = self._load_ledger(now)
        ledger.pending = [*names], now
        ledger.save(self._path, now)

    def record_issuance(self, names: Sequence[str], now: float) -> None:
        """Record that it succeeded: its names may be tried again at once."""
        ledger = self._load_ledger(now)
        ledger.pending = None
        ledger.issuances.setdefault(_hash_names(names), []).append(now)
        for name in names:
            if failures := ledger.failures.get(name):
                failures.consecutive = 0
        ledger.save(self._path, now)

    def record_failure(self, names: Collection[str], now: float, *, csr_sent: bool = False) -> None:
        """Record that it failed, as far as certbot knows.

        Args:
            names: the names that the CA refused; none if it failed for another reason.
            now: Unix seconds.
            csr_sent: whether the certificate was requested: then it counts as issued,
                though it was lost on its way.
        """
        ledger = self._load_ledger(now)
        if csr_sent and ledger.pending is not None:
            ledger.issuances.setdefault(_hash_names(ledger.pending[0]), []).append(now)
        ledger.pending = None
        for name in names:
            ledger.record_failure(name, now).refusals.append(now)
        ledger.save(self._path, now)

    def record_unreachable(self, names: Collection[str], now: float) -> None:
        """Record names that failed our own probe, and were not ordered."""
        ledger = self._load_ledger(now)
        for name in names:
            ledger.record_failure(name, now)
        ledger.save(self._path, now)

    def settle(self, logged: str, now: float) -> None:
        """End an order that an earlier process began and was killed in.

        Args:
            logged: certbot's log of its last run. If the certificate was requested, the
                CA has most probably issued it.
            now: Unix seconds.
        """
        ledger = self._load_ledger(now)
        ledger.clamp_times(now)
        if ledger.pending is None:
            return
        names, began = ledger.pending
        if CSR_SENT in logged:
            ledger.issuances.setdefault(_hash_names(names), []).append(began)
        ledger.pending = None
        ledger.save(self._path, now)

    def _load_ledger(self, now: float) -> Ledger:
        if self._read is None:
            try:
                self._read = read_ledger(self._path)
                self._read.clamp_times(now)
            except ValueError:
                self._read = self._replace_damaged_file(now)
        return self._read

    def _replace_damaged_file(self, now: float) -> Ledger:
        aside = f"{self._path}.torn"
        move_file(self._path, aside)
        self._log.warning(
            f"{self._path}: not a record of orders; moved to {aside}; "
            "for a week each certificate is ordered at most once"
        )
        ledger = Ledger(lost_at=now)
        ledger.save(self._path, now)
        return ledger


def _hash_names(names: Collection[str]) -> str:
    """Return a key for a set of names; as for the CA, order and case do not matter."""
    from hashlib import sha256

    return sha256(" ".join(sorted({name.lower() for name in names})).encode()).hexdigest()[:32]
