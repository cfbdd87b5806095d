"""Orders: what is asked of the CA, in what case, and what its refusals lead to."""

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
_MAX_FAILURES: Final = 3  # failures in a row that are no name's: then it is the CA's, or the disk's
_ATTEMPTS: Final = 10  # orders of a lineage in one round, each without what was refused so far
_ACCOUNT: Final = ""  # what is waited for that is no lineage's


class Orders:
    """Orders certificates, one after the other.

    Args:
        certbot: makes the orders.
        front: tells which names a challenge would come through for.
        now: the clock, in Unix seconds.

    Attributes:
        busy: whether another certbot has kept this round from an order.
    """

    def __init__(
        self, certbot: Certbot, front: Preflight, now: Callable[[], float] = time.time
    ) -> None:
        self._certbot, self._preflight, self._now = certbot, front, now
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
            hurry: whether somebody asked for it: then what is no name's fault waits no more.
        """
        self._rate_limits.settle(self._certbot.logged(), self._now())
        self._failures = 0
        self.busy = False
        self._reasons.begin()
        if hurry:
            self._backoff.hurry()
        if self._plan.thumbprint_file or self._plan.challenge == "stateless":
            self._publish_thumbprint()

    def end(self) -> None:
        """End the orders of a round: a person's own certbot may have the port until the next."""
        self._preflight.leave()

    def _publish_thumbprint(self) -> None:
        """Have the account's thumbprint where it is needed."""
        if self._backoff.waits(_ACCOUNT, self._now()):
            return
        try:
            self._thumbprint = obtain_thumbprint(self._certbot)
            if self._plan.thumbprint_file:
                publish(self._plan.thumbprint_file, self._thumbprint)
        except (AccountError, OSError) as error:
            pause = self._backoff.failed(_ACCOUNT, self._now())
            self._log.error(f"{error}; {self._reasons.again(pause)}")
        else:
            self._backoff.done(_ACCOUNT)

    @property
    def thumbprint_delay(self) -> float:
        """The seconds until the thumbprint is tried again; 0 if it is where it is needed."""
        return self._backoff.waits(_ACCOUNT, self._now())

    def waits(self, names: Collection[str], lineage: str) -> float:
        """Return the seconds until what could not be ordered may be; 0 if nothing waits.

        Args:
            names: that are still wanted.
            lineage: that they are for.
        """
        now = self._now()
        pauses = [self._rate_limits.waits(name, now) for name in names]
        pauses += [self._backoff.waits(key, now) for key in (lineage, _ACCOUNT)]
        return min((pause for pause in pauses if pause > 0), default=0.0)

    def fails(self, names: Collection[str]) -> bool:
        """Whether one of some names is waiting to be tried again."""
        return any(self._rate_limits.waits(name, self._now()) > 0 for name in names)

    def keep(self, need: Need) -> IssuedCertificate | None:
        """Order what a lineage needs, if it needs something.

        Returns:
            What was issued.

        Raises:
            Stopped: the keeper was told to stop.
        """
        failing = {name for name in need.wanted if self._rate_limits.waits(name, self._now()) > 0}
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
        """Order, and again without what was refused.

        A CA tells of what it never issues for one by one, and only then tries the others.
        """
        for attempt in range(_ATTEMPTS):
            if (choice := self._choose(need, failing)) is None:
                break
            name = need.apart if choice.apart else need.lineage
            if (outcome := self._order(name, choice)) is None:
                break
            if outcome.ok:
                self._backoff.done(need.lineage)
                return IssuedCertificate(need.lineage, name, choice.names)
            if not outcome.failed and (attempt or not self._retire_lost_account(outcome)):
                self._back_off(need.lineage, outcome.error, busy=outcome.busy)
                break
            failing.update(outcome.failed)
        return None

    def _choose(self, need: Need, failing: Collection[str]) -> Choice | None:
        return choose(need, failing) if self._may_order(need.lineage) else None

    def _may_order(self, lineage: str) -> bool:
        tired = self._backoff.waits(lineage, self._now()) > 0 or self._failures >= _MAX_FAILURES
        return not self._lacks_account() and not tired

    def _lacks_account(self) -> bool:
        return self._plan.challenge == "stateless" and not self._thumbprint

    def _find_unreachable(self, names: Sequence[str]) -> Collection[str]:
        seen = self._preflight.unreachable_names(names, self._thumbprint)
        if seen:
            self._rate_limits.unreached(list(seen), self._now())
            self._reasons.left_out(seen, self._now())
        return seen.keys()

    def _order(self, lineage: str, choice: Choice) -> Outcome | None:
        """Make an order; None if the budget has none left."""
        names = choice.names
        if why := self._rate_limits.refuses(names, self._now()):
            self._reasons.report_rate_limit(lineage, names, why)
            return None
        self._log.info(f"{lineage}: order a certificate for {', '.join(names)}")
        self._rate_limits.begin(names, self._now())
        self._preflight.leave()
        outcome = self._certbot.issue(lineage, names, force=choice.force)
        if outcome.ok:
            self._rate_limits.issued(names, self._now())
            self._failures = 0
            self._log.info(f"{lineage}: issued")
        else:
            self._rate_limits.failed(list(outcome.failed), self._now(), sent=outcome.sent)
            self._reasons.refused(outcome.failed, self._now())
        return outcome

    def _retire_lost_account(self, outcome: Outcome) -> bool:
        """Let the next order make an account where the CA has lost ours."""
        if not outcome.forgotten:
            return False
        self._log.warning(f"the CA does not know the account, make another: {outcome.error}")
        retire_accounts(self._plan)
        self._thumbprint = None
        return True

    def _back_off(self, lineage: str, why: str, *, busy: bool = False) -> None:
        """Leave a lineage alone for a while, and all of them where it is none's fault."""
        self.busy = self.busy or busy
        self._failures = _MAX_FAILURES if busy else self._failures + 1
        pause = self._backoff.failed(lineage, self._now(), _BUSY_PAUSE if busy else None)
        self._reasons.failed(lineage, pause, why)

    def _back_off_all(self, lineage: str, error: PortError) -> None:
        """Leave all lineages alone for a while: none can do without certbot's port."""
        self._back_off(lineage, str(error))
        self.busy, self._failures = error.is_taken, _MAX_FAILURES

    def explain(self, missing: Mapping[str, Sequence[str]]) -> None:
        """Say why names have no certificate, as far as this round has not said it.

        Args:
            missing: such names of each lineage.
        """
        self._reasons.explain(missing, self._hindrance(), self._now())

    def _hindrance(self) -> str:
        if self._lacks_account():
            return "there is no account at the CA"
        if self._failures >= _MAX_FAILURES:
            return "what has failed before them is no name's fault"
        return "the CA has refused too many orders of this round"

    def report_mismatch(self, lineage: str) -> None:
        """Leave a lineage alone for a while: it is not what certbot has said."""
        self._back_off(lineage, "certbot says that it is, but it is not there")

    def renew_early(self, existing: Mapping[str, Lineage]) -> bool:
        """Let certbot ask the CA whether something is to be renewed before it is due.

        Left out while something is due: certbot would order that as well, without a budget.

        Returns:
            Whether it ran.

        Raises:
            Stopped: the keeper was told to stop.
        """
        due = any(each.is_due(self._now()) for each in existing.values())
        if not existing or due or self._failures or self._plan.certbot < (4, 1):
            return False
        names = [name for each in existing.values() for name in each.names]
        outcome = self._certbot.renew_early(names)
        if not outcome.ok:
            said = outcome.error or "; ".join(outcome.failed.values())
            self._log.warning(f"certbot renew: {said}")
        return True

    def renewed(self, names: Sequence[str]) -> None:
        """Count a certificate that certbot has renewed on its own account."""
        self._rate_limits.begin(names, self._now())
        self._rate_limits.issued(names, self._now())
