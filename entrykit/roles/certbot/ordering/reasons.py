"""Messages about names without a certificate: why, and when they are tried again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from entrykit.log import Log
from entrykit.roles.certbot.ordering.backoff import Backoff
from entrykit.roles.certbot.ordering.rate_limits import RateLimits

_MAX_NAMES: Final = 5  # of a lineage, in a line
_MAX_LINES: Final = 20  # in a round: there may be 10,000 lineages


class Reasons:
    """Logs each reason once in a round.

    Args:
        rate_limits: has the delays of names.
        backoff: has the delays of lineages.
        log: gets the messages.
        once: whether this process ends after one round: then it tries nothing again.
    """

    def __init__(self, rate_limits: RateLimits, backoff: Backoff, log: Log, *, once: bool) -> None:
        self._rate_limits, self._backoff, self._log, self._once = rate_limits, backoff, log, once
        self._reported: set[str] = set()

    def begin(self) -> None:
        """Begin a round."""
        self._reported.clear()

    def describe_retry(self, seconds: float, *, kept: bool = False) -> str:
        """Return when something is tried again.

        Args:
            seconds: until then; 0 for the next round.
            kept: whether the delay also holds for other processes.
        """
        if self._once:
            return (
                f"tried again by a run after {seconds:.0f} s"
                if kept
                else "the next run tries again"
            )
        return f"tried again in {seconds:.0f} s" if seconds else "tried again in the next round"

    def report_refused(self, failed: Mapping[str, str], now: float) -> None:
        """Log which names the CA refused, and why."""
        for name, why in failed.items():
            when = self.describe_retry(self._rate_limits.delay(name, now), kept=True)
            self._log.warning(f"{name}: refused by the CA, {when}: {why}")
        self._reported.update(failed)

    def report_left_out(self, seen: Mapping[str, str], now: float) -> None:
        """Log the names for which no challenge would arrive, with the problem of each."""
        alike: dict[str, list[str]] = {}
        for name, problem in seen.items():
            alike.setdefault(problem, []).append(name)
        for problem, names in alike.items():
            when = self.describe_retry(
                min(self._rate_limits.delay(name, now) for name in names), kept=True
            )
            self._log.warning(f"{_join_names(names)}: left out of this order, {when}: {problem}")
        self._reported.update(seen)

    def report_rate_limit(self, lineage: str, names: Sequence[str], why: str) -> None:
        """Log that the rate limits allow no order of a lineage that needs these names."""
        self._log.warning(f"{lineage}: not ordered: {why}")
        self._reported.update(names)

    def report_failure(self, lineage: str, pause: float, why: str) -> None:
        """Log that an order failed, but not because of a name."""
        self._log.error(f"{lineage}: not issued, {self.describe_retry(pause)}: {why}")
        self._reported.add(lineage)

    def explain(self, missing: Mapping[str, Sequence[str]], hindrance: str, now: float) -> None:
        """Log why names have no certificate, unless this round has logged it already.

        Args:
            missing: such names of each lineage.
            hindrance: why the lineages without a delay were not tried.
            now: Unix seconds.
        """
        lines, untried = [], []
        for lineage, names in missing.items():
            rest = [name for name in names if name not in self._reported]
            if lineage in self._reported or not rest:
                continue
            if why := self._explain_wait(lineage, rest, now):
                lines.append(f"{lineage}: no certificate for {why}")
            else:
                untried.append(lineage)
        for line in lines[:_MAX_LINES]:
            self._log.warning(line)
        if len(lines) > _MAX_LINES:
            self._log.warning(f"{len(lines) - _MAX_LINES} more lineages wait in the same way")
        if untried:
            self._log.warning(
                f"not ordered now: {_join_names(untried)}: {hindrance}; {self.describe_retry(0)}"
            )

    def _explain_wait(self, lineage: str, names: Sequence[str], now: float) -> str | None:
        if pause := self._backoff.delay(lineage, now):
            return f"{_join_names(names)}: the last order failed, {self.describe_retry(pause)}"
        pauses = {name: pause for name in names if (pause := self._rate_limits.delay(name, now))}
        if not pauses:
            return None
        when = self.describe_retry(min(pauses.values()), kept=True)
        return f"{_join_names([*pauses])}: failed the last time, {when}"


def _join_names(names: Sequence[str]) -> str:
    """Join some of the names, and the number of the others."""
    more = len(names) - _MAX_NAMES
    some = ", ".join(names[:_MAX_NAMES])
    return f"{some} and {more} more" if more > 0 else some
