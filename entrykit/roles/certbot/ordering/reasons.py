"""Why names have no certificate yet, and when that is tried again: what is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from entrykit.log import Log
from entrykit.roles.certbot.ordering.backoff import Backoff
from entrykit.roles.certbot.ordering.rate_limits import RateLimits

_MAX_NAMES: Final = 5  # of a lineage, in a line
_MAX_LINES: Final = 20  # in a round: there may be 10,000 lineages


class Reasons:
    """Says each reason once in a round.

    Args:
        budget: knows what the names wait for.
        backoff: knows what the lineages wait for.
        log: gets the words.
        once: whether this process makes one round and ends: then it tries nothing again.
    """

    def __init__(self, budget: RateLimits, backoff: Backoff, log: Log, *, once: bool) -> None:
        self._rate_limits, self._backoff, self._log, self._once = budget, backoff, log, once
        self._reported: set[str] = set()

    def begin(self) -> None:
        """Begin a round."""
        self._reported.clear()

    def again(self, seconds: float, *, kept: bool = False) -> str:
        """Say when something is tried again.

        Args:
            seconds: until then; 0 for the next round.
            kept: whether another process waits for as long.
        """
        if self._once:
            return (
                f"tried again by a run after {seconds:.0f} s"
                if kept
                else "the next run tries again"
            )
        return f"tried again in {seconds:.0f} s" if seconds else "tried again in the next round"

    def refused(self, failed: Mapping[str, str], now: float) -> None:
        """Say what the CA has said of names."""
        for name, why in failed.items():
            when = self.again(self._rate_limits.waits(name, now), kept=True)
            self._log.warning(f"{name}: refused by the CA, {when}: {why}")
        self._reported.update(failed)

    def left_out(self, seen: Mapping[str, str], now: float) -> None:
        """Say for which names no challenge would come through, with what was seen of each."""
        alike: dict[str, list[str]] = {}
        for name, what in seen.items():
            alike.setdefault(what, []).append(name)
        for what, names in alike.items():
            when = self.again(min(self._rate_limits.waits(name, now) for name in names), kept=True)
            self._log.warning(f"{_join_names(names)}: left out of this order, {when}: {what}")
        self._reported.update(seen)

    def report_rate_limit(self, lineage: str, names: Sequence[str], why: str) -> None:
        """Say that the budget has no order left for a lineage, which is to have these names."""
        self._log.warning(f"{lineage}: not ordered: {why}")
        self._reported.update(names)

    def failed(self, lineage: str, pause: float, why: str) -> None:
        """Say that an order has failed for what is no name's fault."""
        self._log.error(f"{lineage}: not issued, {self.again(pause)}: {why}")
        self._reported.add(lineage)

    def explain(self, missing: Mapping[str, Sequence[str]], hindrance: str, now: float) -> None:
        """Say of the names that have no certificate what was not said in this round.

        Args:
            missing: such names of each lineage.
            hindrance: why a lineage was not tried that nothing is known of.
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
                f"not ordered now: {_join_names(untried)}: {hindrance}; {self.again(0)}"
            )

    def _explain_wait(self, lineage: str, names: Sequence[str], now: float) -> str | None:
        if pause := self._backoff.waits(lineage, now):
            return f"{_join_names(names)}: the last order has failed, {self.again(pause)}"
        pauses = {name: pause for name in names if (pause := self._rate_limits.waits(name, now))}
        if not pauses:
            return None
        when = self.again(min(pauses.values()), kept=True)
        return f"{_join_names([*pauses])}: not possible the last time, {when}"


def _join_names(names: Sequence[str]) -> str:
    """Name some of them, and how many more there are."""
    more = len(names) - _MAX_NAMES
    some = ", ".join(names[:_MAX_NAMES])
    return f"{some} and {more} more" if more > 0 else some
