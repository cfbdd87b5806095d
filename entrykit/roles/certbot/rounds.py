"""A round: what is there becomes what is wanted, as far as that is possible now."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping
from typing import Final

from entrykit.errors import CommitError
from entrykit.roles.certbot import lineages as certbots
from entrykit.roles.certbot.allotment import allot
from entrykit.roles.certbot.backoff import Backoff
from entrykit.roles.certbot.delivery import deliver
from entrykit.roles.certbot.healing import heal
from entrykit.roles.certbot.issued import Issued
from entrykit.roles.certbot.issuer import is_another
from entrykit.roles.certbot.lineages import Lineage, lineages
from entrykit.roles.certbot.lock import BusyError
from entrykit.roles.certbot.order import Certbot
from entrykit.roles.certbot.orders import Orders
from entrykit.roles.certbot.ownership import Ownership
from entrykit.roles.certbot.progress import Progress
from entrykit.roles.certbot.retirement import certified, prune, restore, retire, retired
from entrykit.roles.certbot.returning import returning

Wanted = Mapping[str, tuple[str, ...]]

_DELIVERY: Final = "delivery"


class Rounds:
    """Makes rounds.

    Args:
        certbot: what runs, with its plan.
        orders: what is asked of the CA.
        progress: told how far it is.
        now: the clock, in Unix seconds.

    Attributes:
        busy: whether another certbot has kept the last round from something.
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
        self._ours = Ownership(self._plan, self._log)
        self._existing: Mapping[str, Lineage] = {}
        self._wanted: Wanted = {}
        self._torn: frozenset[str] = frozenset()
        self.busy = False

    def run(self, *, regular: bool, hurry: bool) -> None:
        """Make a round.

        Args:
            regular: whether it is one of those every RENEW_INTERVAL, and not one between.
            hurry: whether somebody asked for it.

        Raises:
            OSError: a file or folder is not as it has to be.
            EntrykitError: the same.
            Stopped: the keeper was told to stop.
        """
        self.busy = False
        try:
            self._keep(regular=regular, hurry=hurry)
        except BusyError:
            self.busy = True
            raise
        self.busy = self._orders.busy

    def _keep(self, *, regular: bool, hurry: bool) -> None:
        self._look()
        self._retire()
        self._deliver()
        self._orders.begin(hurry=hurry)
        before = self._existing
        try:
            issued = self._order()
        finally:
            self._orders.end()
        if (regular and self._orders.renew_early(before)) or issued:
            self._look()
            self._compare(before, issued)
            self._retire()
            self._deliver()
        self._orders.explain(self._missing())

    def _missing(self) -> dict[str, list[str]]:
        """Return the names of each lineage that have no certificate which is valid now."""
        covered = self._covered()
        missing = {
            lineage: [name for name in names if name not in covered]
            for lineage, names in self._wanted.items()
            if lineage not in self._torn  # of which healing has told
        }
        return {lineage: names for lineage, names in missing.items() if names}

    def _look(self) -> None:
        """See what is there, mended, and what is wanted of it."""
        self._torn = self._signals.apart(lambda: heal(self._plan, self._log))
        self._allot()
        if self._restored():
            # What was put aside before CONFIG_DIR was moved still names the former place.
            self._torn = self._signals.apart(lambda: heal(self._plan, self._log))
            self._allot()
        self._progress.tell(len(self._covered()), len(self._names()))

    def _allot(self) -> None:
        self._existing = self._signals.apart(lambda: lineages(self._plan.config_dir))
        there = {name: lineage.names for name, lineage in self._existing.items()}
        usable = self._ours.usable(there)
        taken = there.keys() - usable.keys()
        self._wanted = allot(self._plan.groups, usable, taken=taken)
        self._claim({*self._wanted} - self._torn)

    def _claim(self, used: Collection[str]) -> None:
        folder = self._plan.config_dir
        self._ours.keep(used, {*certbots.names(folder), *retired(folder), *self._torn})

    def _restored(self) -> bool:
        """Put back what is of use without an order, or until there is one."""
        if self._names() <= self._covered():
            return False
        there = {name: lineage.names for name, lineage in self._existing.items()}
        kept = certified(self._plan.config_dir, self._now())
        kept = {name: its for name, its in kept.items() if name not in there}
        wanted = returning(self._plan.groups, self._ours.usable(there), kept, there)
        back = [name for name in wanted if restore(self._plan, name)]
        self._claim({*self._wanted, *back} - self._torn)
        return bool(back)

    def _names(self) -> set[str]:
        return {name for names in self._wanted.values() for name in names}

    def _covered(self) -> set[str]:
        """Return the names that are wanted and have a certificate that is valid now."""
        now = self._now()
        return {
            name
            for lineage, names in self._wanted.items()
            if (there := self._existing.get(lineage)) and there.not_after > now
            for name in names
            if name in there.names
        }

    def _retire(self) -> None:
        """Take out of certbot's sight what is ours and nobody wants.

        What is to be replaced by another lineage stays until that one is there.
        """
        missing = self._names() - self._covered()
        for name, lineage in list(self._existing.items()):
            unwanted = name in self._ours and name not in self._wanted
            if unwanted and missing.isdisjoint(lineage.names):
                retire(self._plan, name)
                done = "deleted" if self._plan.prune else "retired"
                self._log.info(f"{name}: {done}, its names are not wanted any more")
                self._existing = {k: v for k, v in self._existing.items() if k != name}
        if self._plan.prune:
            self._prune(missing)

    def _prune(self, missing: Collection[str]) -> None:
        """Delete what was only retired at an earlier time, but for what may still be of use."""
        folder = self._plan.config_dir
        kept = certified(folder, self._now()) if missing else {}
        ours = [name for name in retired(folder) if name in self._ours]
        unwanted = [name for name in ours if {*missing}.isdisjoint(kept.get(name, ()))]
        prune(self._plan, unwanted)
        for name in unwanted:
            self._log.info(f"{name}: deleted, it was retired earlier")

    def _deliver(self) -> None:
        wanted: Collection[str] = {*self._existing, *self._wanted}
        try:
            live = self._signals.apart(lambda: deliver(self._plan, wanted, self._log))
        except CommitError as error:
            self._log.error(str(error))
            live = False
        if live:
            self._backoff.done(_DELIVERY)
        else:
            self._backoff.failed(_DELIVERY, self._now())

    def _order(self) -> list[Issued]:
        """Order what is missing or due; what gives up names comes last.

        A name that moves to another lineage stays in its old one until the new one is there.
        """
        missing = self._names() - self._covered()
        total = len(self._names())
        last = {name for name in self._wanted if self._needed(name, missing)}
        issued: list[Issued] = []
        for name in sorted(self._wanted, key=last.__contains__):
            needed = self._needed(name, missing)
            if name in self._torn or self._orders.fails(needed):
                continue
            if new := self._ordered(name):
                issued.append(new)
                missing -= set(new.names)
                self._progress.tell(total - len(missing), total)
        return issued

    def _needed(self, name: str, missing: Collection[str]) -> set[str]:
        """Return the names that a lineage would give up and that no other one has yet."""
        there = self._existing.get(name)
        given_up = {*there.names} - {*self._wanted[name]} if there else set()
        return given_up.intersection(missing)

    def _ordered(self, name: str) -> Issued | None:
        there = self._existing.get(name)
        another = there is not None and is_another(self._plan, name)
        return self._orders.keep(
            name,
            self._wanted[name],
            there.names if there else (),
            due=another or (there is not None and there.due(self._now())),
            late=another or (there is not None and there.late(self._now())),
            apart=self._apart(name),
        )

    def _is_due(self, name: str) -> bool:
        there = self._existing.get(name)
        return there is not None and (there.due(self._now()) or is_another(self._plan, name))

    def _apart(self, name: str) -> str:
        """Return a name that no lineage has, for one beside this one."""
        number = 2
        while self._is_taken(f"{name}-{number}"):
            number += 1
        return f"{name}-{number}"

    def _is_taken(self, name: str) -> bool:
        known = name in self._existing or name in self._wanted or name in self._torn
        return known or os.path.exists(os.path.join(self._plan.config_dir, "retired", name))

    def _compare(self, before: Mapping[str, Lineage], issued: Collection[Issued]) -> None:
        """Doubt what certbot says if it is not so: to believe it means an order at each round."""
        for new in issued:
            there = self._existing.get(new.lineage)
            if there is None or {*there.names} != {*new.names}:
                self._orders.doubt(new.wanted)
        ours = {new.lineage for new in issued}
        for name, there in self._existing.items():
            if name not in ours and name in before and there.serial != before[name].serial:
                self._log.info(f"{name}: renewed early, as the CA asked for")
                self._orders.renewed(there.names)

    def left(self) -> float:
        """Return the seconds until something that failed is to be tried again; 0 if nothing is."""
        covered = self._covered()
        pauses = [self._backoff.waits(_DELIVERY, self._now()), self._orders.unpublished]
        for name, names in self._wanted.items():
            there = self._existing[name].names if name in self._existing else ()
            missing = (
                names if self._is_due(name) else [each for each in names if each not in covered]
            )
            if missing or {*there} != {*names}:
                pauses.append(self._orders.waits(missing or names, name))
        return min((pause for pause in pauses if pause > 0), default=0.0)

    @property
    def complete(self) -> bool:
        """Whether every name has a valid certificate, and all is where it is needed."""
        undelivered = self._backoff.waits(_DELIVERY, self._now()) or self._orders.unpublished
        return self._names() <= self._covered() and not undelivered
