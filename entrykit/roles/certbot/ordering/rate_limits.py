"""What may be asked of the CA, so that its limits are never reached.

The limits are those of Let's Encrypt: 5 certificates for exactly the same names in 7
days, one of which comes back every 34 hours; 5 failed validations of a name in an hour.
Whoever reaches one is locked out for as long, and cannot be helped.

It is kept in a file, because a container that is restarted again and again is what most
often reaches them. The file is written before an order begins.
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

CSR_SENT: Final = '"csr":'  # in what certbot logs of a request: the CA was asked for a certificate


class RateLimits:
    """Counts what was asked of the CA, and says what may be asked now.

    Every method may raise OSError where the file cannot be read or written; what is not
    written down must not be ordered.

    Args:
        path: of the file; it is made when it is needed.
        log: told of a file that cannot be understood. Each set of names then counts as
            issued 4 times just now, so that it can be ordered once: to order freely could
            be more than the CA allows, and to order nothing would let certificates expire.
    """

    def __init__(self, path: str, log: Log) -> None:
        self._path, self._log = path, log
        self._read: Ledger | None = None

    def refuses(self, names: Collection[str], now: float) -> str | None:
        """Say why a certificate for exactly these names may not be ordered now.

        Returns:
            The reason with the time until when it holds; None if it may be ordered.
        """
        ledger = self._load_ledger(now)
        times = [ledger.lost] * (_MAX_ISSUANCES - 1) if ledger.lost is not None else []
        times = [*times, *ledger.issued.get(_hash_names(names), ())]
        recent = sorted(at for at in times if at > now - WINDOW)
        if len(recent) < _MAX_ISSUANCES:
            return None
        until = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(recent[-_MAX_ISSUANCES] + WINDOW))
        return (
            f"certificates for exactly these names were issued {len(recent)} times in a week, "
            f"and the CA allows {_MAX_ISSUANCES}: not ordered before {until}"
        )

    def waits(self, name: str, now: float) -> float:
        """Return the seconds until this name may be tried again; 0 if it may."""
        failures = self._load_ledger(now).names.get(name)
        if failures is None:
            return 0.0
        step = _STEPS[min(failures.row, len(_STEPS)) - 1] if failures.row else 0
        until = failures.last + step
        recent = [at for at in failures.refused if at > now - HOUR]
        if len(recent) >= _MAX_REFUSALS:
            until = max(until, recent[-_MAX_REFUSALS] + HOUR)
        return max(0.0, until - now)

    def begin(self, names: Sequence[str], now: float) -> None:
        """Write down that an order begins."""
        ledger = self._load_ledger(now)
        ledger.begun = [*names], now
        ledger.save(self._path, now)

    def issued(self, names: Sequence[str], now: float) -> None:
        """Write down that it ended with a certificate: its names may be tried at once again."""
        ledger = self._load_ledger(now)
        ledger.begun = None
        ledger.issued.setdefault(_hash_names(names), []).append(now)
        for name in names:
            if failures := ledger.names.get(name):
                failures.row = 0
        ledger.save(self._path, now)

    def failed(self, names: Collection[str], now: float, *, sent: bool = False) -> None:
        """Write down that it ended without one, as far as certbot knows.

        Args:
            names: which of its names the CA refused; none if it was for another reason.
            now: Unix seconds.
            sent: whether the CA was asked for the certificate: then it counts as issued,
                though it was lost on its way.
        """
        ledger = self._load_ledger(now)
        if sent and ledger.begun is not None:
            ledger.issued.setdefault(_hash_names(ledger.begun[0]), []).append(now)
        ledger.begun = None
        for name in names:
            ledger.fail(name, now).refused.append(now)
        ledger.save(self._path, now)

    def unreached(self, names: Collection[str], now: float) -> None:
        """Write down names that we tried ourselves, and did not ask the CA for."""
        ledger = self._load_ledger(now)
        for name in names:
            ledger.fail(name, now)
        ledger.save(self._path, now)

    def settle(self, logged: str, now: float) -> None:
        """End an order that was begun in an earlier life, which was killed.

        Args:
            logged: certbot's log of its last run. If the CA was asked for the certificate,
                it has most probably issued it.
            now: Unix seconds.
        """
        ledger = self._load_ledger(now)
        ledger.clamp_times(now)
        if ledger.begun is None:
            return
        names, began = ledger.begun
        if CSR_SENT in logged:
            ledger.issued.setdefault(_hash_names(names), []).append(began)
        ledger.begun = None
        ledger.save(self._path, now)

    def _load_ledger(self, now: float) -> Ledger:
        if self._read is None:
            try:
                self._read = read_ledger(self._path)
                self._read.clamp_times(now)
            except ValueError:
                self._read = self._replace_torn_file(now)
        return self._read

    def _replace_torn_file(self, now: float) -> Ledger:
        aside = f"{self._path}.torn"
        move_file(self._path, aside)
        self._log.warning(
            f"{self._path}: not a budget of entrykit's, and moved to {aside}; "
            "for a week each certificate is ordered at most once"
        )
        ledger = Ledger(lost=now)
        ledger.save(self._path, now)
        return ledger


def _hash_names(names: Collection[str]) -> str:
    """Name a set of names: the CA does not care for order and case either."""
    from hashlib import sha256

    return sha256(" ".join(sorted({name.lower() for name in names})).encode()).hexdigest()[:32]
