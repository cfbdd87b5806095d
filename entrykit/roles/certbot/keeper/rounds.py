"""A round: bring the certificates as close to the wanted ones as is possible now."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import Final

from entrykit.errors import CommitError
from entrykit.roles.certbot.delivery.delivery import deliver
from entrykit.roles.certbot.keeper.inventory import Inventory
from entrykit.roles.certbot.keeper.progress import Progress
from entrykit.roles.certbot.lineages.lineages import Lineage
from entrykit.roles.certbot.lineages.lock import BusyError
from entrykit.roles.certbot.ordering.backoff import Backoff
from entrykit.roles.certbot.ordering.certbot_cli import Certbot
from entrykit.roles.certbot.ordering.choice import IssuedCertificate
from entrykit.roles.certbot.ordering.orders import Orders

_DELIVERY: Final = "delivery"


class Rounds:
    """The keeper's rounds.

    Args:
        certbot: runs certbot, and has the plan.
        orders: places orders at the CA.
        progress: gets the number of names that are done.
        now: the clock, in Unix seconds.

    Attributes:
        busy: whether another certbot kept the last round from doing something.
    """

    def __init__(
        self,
        certbot: Certbot,
        orders: Orders,
        progress: Progress,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._plan, self._signals, self._log = certbot.plan, certbot.signals, certbot.log
        self._orders, self._progress, self._now = orders, progress, now
        self._backoff = Backoff()
        self._inventory = Inventory(self._plan, self._signals, self._log, now)
        self.busy = False

    def run(self, *, regular: bool, hurry: bool) -> None:
        """Do one round.

        Args:
            regular: whether it is one of those every RENEW_INTERVAL, and not one in between.
            hurry: whether a signal asked for it.

        Raises:
            OSError: a file or directory cannot be read or written.
            EntrykitError: the round cannot be completed now.
            Stopped: the keeper received a signal to stop.
        """
        self.busy = False
        try:
            self._run_round(regular=regular, hurry=hurry)
        except BusyError:
            self.busy = True
            raise
        self.busy = self._orders.busy

    def _run_round(self, *, regular: bool, hurry: bool) -> None:
        self._refresh()
        self._inventory.retire()
        self._deliver()
        self._orders.begin(hurry=hurry)
        before = self._inventory.existing
        try:
            issued = self._order_due()
        finally:
            self._orders.end()
        if (regular and self._orders.renew_early(before)) or issued:
            self._refresh()
            self._compare(before, issued)
            self._inventory.retire()
            self._deliver()
        self._orders.explain(self._inventory.uncovered_by_lineage())

    def _refresh(self) -> None:
        there = self._inventory
        there.refresh()
        self._progress.report(len(there.covered_names()), len(there.wanted_names()))

    def _deliver(self) -> None:
        wanted: Collection[str] = {*self._inventory.existing, *self._inventory.wanted}
        try:
            live = self._signals.run_in_thread(lambda: deliver(self._plan, wanted, self._log))
        except CommitError as error:
            self._log.error(str(error))
            live = False
        if live:
            self._backoff.reset(_DELIVERY)
        else:
            self._backoff.record_failure(_DELIVERY, self._now())

    def _order_due(self) -> list[IssuedCertificate]:
        """Order what is missing or due; lineages that lose names come last.

        A name that moves to another lineage stays in its old one until the new one exists.
        """
        there = self._inventory
        missing, total = there.uncovered_names(), len(there.wanted_names())
        last = {name for name in there.wanted if there.names_to_release(name, missing)}
        issued: list[IssuedCertificate] = []
        for name in sorted(there.wanted, key=last.__contains__):
            if name in there.torn or self._orders.is_any_delayed(
                there.names_to_release(name, missing)
            ):
                continue
            if new := self._orders.fulfil(there.need(name)):
                issued.append(new)
                missing -= set(new.names)
                self._progress.report(total - len(missing), total)
        return issued

    def _compare(
        self, before: Mapping[str, Lineage], issued: Collection[IssuedCertificate]
    ) -> None:
        """Compare certbot's results with the disk: a wrong one would mean an order each round."""
        existing = self._inventory.existing
        for new in issued:
            there = existing.get(new.lineage)
            if there is None or {*there.names} != {*new.names}:
                self._orders.report_mismatch(new.requested)
        ordered = {new.lineage for new in issued}
        for name, there in existing.items():
            if name not in ordered and name in before and there.serial != before[name].serial:
                self._log.info(f"{name}: renewed early at the CA's request")
                self._orders.record_renewal(there.names)

    def retry_delay(self) -> float:
        """Return the seconds until something that failed is tried again; 0 for nothing."""
        pauses = [self._backoff.delay(_DELIVERY, self._now()), self._orders.thumbprint_delay]
        for lineage, names in self._inventory.pending_by_lineage().items():
            pauses.append(self._orders.delay(names, lineage))
        return min((pause for pause in pauses if pause > 0), default=0.0)

    @property
    def complete(self) -> bool:
        """Whether every name has a valid certificate, and all of them are delivered."""
        undelivered = self._backoff.delay(_DELIVERY, self._now()) or self._orders.thumbprint_delay
        return not (self._inventory.uncovered_names() or undelivered)
