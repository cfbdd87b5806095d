"""Orders: when they are made, and what follows from a refusal."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from entrykit.roles.certbot.lineages.account import AccountError, retire_accounts
from entrykit.roles.certbot.lineages.lineages import Lineage
from entrykit.roles.certbot.ordering.backoff import Backoff
from entrykit.roles.certbot.ordering.certbot_cli import Certbot, Outcome
from entrykit.roles.certbot.ordering.choice import Choice, IssuedCertificate, Need, choose
from entrykit.roles.certbot.ordering.preflight import PortError, Preflight
from entrykit.roles.certbot.ordering.rate_limits import RateLimits
from entrykit.roles.certbot.ordering.reasons import Reasons
from entrykit.roles.certbot.ordering.thumbprint import obtain_thumbprint, publish

_BUSY_PAUSE: Final = 10.0  # seconds until another certbot has probably ended
_MAX_FAILURES: Final = (
    3  # consecutive failures without a name to blame: then it is the CA, or the disk
)
_ATTEMPTS: Final = 10  # orders of a lineage in one round, each without the names refused so far
_ACCOUNT: Final = ""  # the key of the account's delay, which is no lineage


class Orders:
    """Orders certificates, one after the other.

    Args:
        certbot: places the orders.
        preflight: checks for which names a challenge would arrive.
        now: the clock, in Unix seconds.

    Attributes:
        busy: whether another certbot prevented an order in this round.
    """

    def __init__(
        self, certbot: Certbot, preflight: Preflight, now: Callable[[], float] = time.time
    ) -> None:
        self._certbot, self._preflight, self._now = certbot, preflight, now
        self._plan, self._log = certbot.plan, certbot.log
        place = os.path.join(self._plan.config_dir, "entrykit-budget.json")
        self._rate_limits = RateLimits(place, self._log)
        self._backoff = Backoff()
        self._reasons = Reasons(
            self._rate_limits, self._backoff, self._log, once=not self._plan.renew_interval
        )
        self.busy = False
        self._thumbprint: str | None = None
        self._failures = 0

    def begin(self, *, hurry: bool) -> None:
        """Begin a round.

        Args:
            hurry: whether it was requested: then the delays end that are not those of names.
        """
        self._rate_limits.settle(self._certbot.read_log(), self._now())
        self._failures = 0
        self.busy = False
        self._reasons.begin()
        if hurry:
            self._backoff.end_delays()
        if self._plan.thumbprint_file or self._plan.challenge == "stateless":
            self._publish_thumbprint()

    def end(self) -> None:
        """End the orders of a round: certbot may be run by hand until the next one."""
        self._preflight.release_port()

    def _publish_thumbprint(self) -> None:
        """Write the account's thumbprint where it is needed."""
        if self._backoff.delay(_ACCOUNT, self._now()):
            return
        try:
            self._thumbprint = obtain_thumbprint(self._certbot)
            if self._plan.thumbprint_file:
                publish(self._plan.thumbprint_file, self._thumbprint)
        except (AccountError, OSError) as error:
            pause = self._backoff.record_failure(_ACCOUNT, self._now())
            self._log.error(f"{error}; {self._reasons.describe_retry(pause)}")
        else:
            self._backoff.reset(_ACCOUNT)

    @property
    def thumbprint_delay(self) -> float:
        """The seconds until the thumbprint is tried again; 0 if it is not delayed."""
        return self._backoff.delay(_ACCOUNT, self._now())

    def delay(self, names: Collection[str], lineage: str) -> float:
        """Return the seconds until something may be ordered; 0 if nothing is delayed.

        Args:
            names: the names without a certificate.
            lineage: their lineage.
        """
        now = self._now()
        pauses = [self._rate_limits.delay(name, now) for name in names]
        pauses += [self._backoff.delay(key, now) for key in (lineage, _ACCOUNT)]
        return min((pause for pause in pauses if pause > 0), default=0.0)

    def is_any_delayed(self, names: Collection[str]) -> bool:
        """Whether one of the names is delayed after a failure."""
        return any(self._rate_limits.delay(name, self._now()) > 0 for name in names)

    def fulfil(self, need: Need) -> IssuedCertificate | None:
        """Order what a lineage needs, if it needs something.

        Returns:
            The certificate, if one was issued.

        Raises:
            Stopped: the keeper received a signal to stop.
        """
        failing = {name for name in need.wanted if self._rate_limits.delay(name, self._now()) > 0}
        choice = self._choose(need, failing)
        if choice is None:
            return None
        try:
            failing.update(self._find_unreachable(choice.names))
        except PortError as error:
            self._back_off_all(need.lineage, error)
            return None
        return self._order_until_issued(need, failing)

    def _order_until_issued(self, need: Need, failing: set[str]) -> IssuedCertificate | None:
        """Order, and order again without the names that were refused.

        A CA names those that it never issues for one at a time, before it tries the others.
        """
        for attempt in range(_ATTEMPTS):
            if (choice := self._choose(need, failing)) is None:
                break
            name = need.separate_name if choice.separate else need.lineage
            if (outcome := self._order(name, choice)) is None:
                break
            if outcome.ok:
                self._backoff.reset(need.lineage)
                return IssuedCertificate(need.lineage, name, choice.names)
            if not outcome.refused_names and (attempt or not self._retire_lost_account(outcome)):
                self._back_off(need.lineage, outcome.error, busy=outcome.busy)
                break
            failing.update(outcome.refused_names)
        return None

    def _choose(self, need: Need, failing: Collection[str]) -> Choice | None:
        return choose(need, failing) if self._may_order(need.lineage) else None

    def _may_order(self, lineage: str) -> bool:
        is_delayed = (
            self._backoff.delay(lineage, self._now()) > 0 or self._failures >= _MAX_FAILURES
        )
        return not self._lacks_account() and not is_delayed

    def _lacks_account(self) -> bool:
        return self._plan.challenge == "stateless" and not self._thumbprint

    def _find_unreachable(self, names: Sequence[str]) -> Collection[str]:
        seen = self._preflight.unreachable_names(names, self._thumbprint)
        if seen:
            self._rate_limits.record_unreachable(list(seen), self._now())
            self._reasons.report_left_out(seen, self._now())
        return seen.keys()

    def _order(self, lineage: str, choice: Choice) -> Outcome | None:
        """Make an order; None if the rate limits allow none."""
        names = choice.names
        if why := self._rate_limits.refusal(names, self._now()):
            self._reasons.report_rate_limit(lineage, names, why)
            return None
        self._log.info(f"{lineage}: requesting a certificate for {', '.join(names)}")
        self._rate_limits.record_begin(names, self._now())
        self._preflight.release_port()
        outcome = self._certbot.issue(lineage, names, force=choice.force)
        if outcome.ok:
            self._rate_limits.record_issuance(names, self._now())
            self._failures = 0
            self._log.info(f"{lineage}: issued")
        else:
            self._rate_limits.record_failure(
                list(outcome.refused_names), self._now(), csr_sent=outcome.csr_sent
            )
            self._reasons.report_refused(outcome.refused_names, self._now())
        return outcome

    def _retire_lost_account(self, outcome: Outcome) -> bool:
        """Let the next order register an account if the CA no longer knows the present one."""
        if not outcome.account_unknown:
            return False
        self._log.warning(f"the CA does not know the account; registering another: {outcome.error}")
        retire_accounts(self._plan)
        self._thumbprint = None
        return True

    def _back_off(self, lineage: str, why: str, *, busy: bool = False) -> None:
        """Delay a lineage, and after several such failures all of them."""
        self.busy = self.busy or busy
        self._failures = _MAX_FAILURES if busy else self._failures + 1
        pause = self._backoff.record_failure(lineage, self._now(), _BUSY_PAUSE if busy else None)
        self._reasons.report_failure(lineage, pause, why)

    def _back_off_all(self, lineage: str, error: PortError) -> None:
        """Delay all lineages: each of them needs certbot's port."""
        self._back_off(lineage, str(error))
        self.busy, self._failures = error.is_taken, _MAX_FAILURES

    def explain(self, missing: Mapping[str, Sequence[str]]) -> None:
        """Log why names have no certificate, unless this round has logged it already.

        Args:
            missing: such names of each lineage.
        """
        self._reasons.explain(missing, self._hindrance(), self._now())

    def _hindrance(self) -> str:
        if self._lacks_account():
            return "there is no account with the CA"
        if self._failures >= _MAX_FAILURES:
            return "the orders before failed, and not because of their names"
        return "the CA refused too many orders of this round"

    def report_mismatch(self, lineage: str) -> None:
        """Delay a lineage whose certificate is not there, although certbot reported it."""
        self._back_off(lineage, "certbot reported a certificate that is not there")

    def renew_early(self, existing: Mapping[str, Lineage]) -> bool:
        """Run certbot to ask the CA whether something should be renewed before it is due.

        Not while something is due: certbot would order that as well, beyond the rate limits.

        Returns:
            Whether it ran.

        Raises:
            Stopped: the keeper received a signal to stop.
        """
        due = any(each.is_due(self._now()) for each in existing.values())
        if not existing or due or self._failures or self._plan.certbot < (4, 1):
            return False
        names = [name for each in existing.values() for name in each.names]
        outcome = self._certbot.renew_early(names)
        if not outcome.ok:
            reason = outcome.error or "; ".join(outcome.refused_names.values())
            self._log.warning(f"certbot renew: {reason}")
        return True

    def record_renewal(self, names: Sequence[str]) -> None:
        """Count a certificate that certbot has renewed by itself."""
        self._rate_limits.record_begin(names, self._now())
        self._rate_limits.record_issuance(names, self._now())
