"""What there is of certificates, and what is wanted of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import count

from entrykit.log import Log
from entrykit.roles.certbot.lineages import lineages as certbots
from entrykit.roles.certbot.lineages.allotment import allot
from entrykit.roles.certbot.lineages.lineages import Lineage, lineages
from entrykit.roles.certbot.lineages.ownership import Ownership
from entrykit.roles.certbot.lineages.renewal_conf import is_from_other_ca
from entrykit.roles.certbot.lineages.repair import heal
from entrykit.roles.certbot.lineages.retirement import (
    choose_restorable,
    find_valid_retired,
    list_retired,
    prune,
    restore,
    retire,
)
from entrykit.roles.certbot.ordering.choice import Need
from entrykit.roles.certbot.plan import Plan
from entrykit.roles.certbot.process.signals import Signals


class Inventory:
    """Certbot's folder, as it was looked at last.

    Args:
        plan: where it is, and what is wanted.
        signals: what may stop a look.
        log: told of what is mended, retired or deleted.
        now: the clock, in Unix seconds.

    Attributes:
        existing: the lineages that can be served, by name.
        wanted: the names that each lineage is to have.
        torn: those that could not be mended: no order for one of them may be made.
    """

    def __init__(self, plan: Plan, signals: Signals, log: Log, now: Callable[[], float]) -> None:
        self._plan, self._signals, self._log, self._now = plan, signals, log, now
        self._ownership = Ownership(plan, log)
        self.existing: Mapping[str, Lineage] = {}
        self.wanted: Mapping[str, Sequence[str]] = {}
        self.torn: frozenset[str] = frozenset()

    # what there is

    def look(self) -> None:
        """See what is there, mended, and what is wanted of it.

        Raises:
            CommitError: another certbot is at work.
            OSError: a file or folder is not as it has to be.
            Stopped: the keeper was told to stop.
        """
        self._repair()
        if self._restore():
            # What was put aside before CONFIG_DIR was moved still names the former place.
            self._repair()

    def _repair(self) -> None:
        self.torn = self._signals.apart(lambda: heal(self._plan, self._log))
        self.existing = self._signals.apart(lambda: lineages(self._plan.config_dir))
        there = {name: lineage.names for name, lineage in self.existing.items()}
        usable = self._ownership.usable(there)
        taken = there.keys() - usable.keys()
        self.wanted = allot(self._plan.groups, usable, taken=taken)
        self._claim({*self.wanted} - self.torn)

    def _claim(self, used: Collection[str]) -> None:
        folder = self._plan.config_dir
        self._ownership.keep(used, {*certbots.names(folder), *list_retired(folder), *self.torn})

    def _restore(self) -> bool:
        """Put back what is of use without an order, or until there is one."""
        if not self.uncovered_names():
            return False
        there = {name: lineage.names for name, lineage in self.existing.items()}
        kept = find_valid_retired(self._plan.config_dir, self._now())
        kept = {name: its for name, its in kept.items() if name not in there}
        wanted = choose_restorable(self._plan.groups, self._ownership.usable(there), kept, there)
        back = [name for name in wanted if restore(self._plan, name)]
        self._claim({*self.wanted, *back} - self.torn)
        return bool(back)

    # what is wanted of it

    def names(self) -> set[str]:
        """Return all names that are wanted."""
        return {name for names in self.wanted.values() for name in names}

    def covered(self) -> set[str]:
        """Return those that have a certificate that is valid now."""
        now = self._now()
        return {
            name
            for lineage, names in self.wanted.items()
            if (there := self.existing.get(lineage)) and there.not_after > now
            for name in names
            if name in there.names
        }

    def uncovered_names(self) -> set[str]:
        """Return those that have none."""
        return self.names() - self.covered()

    def missing(self) -> dict[str, list[str]]:
        """Return those that have none, by lineage, but for what is torn: healing tells of that."""
        missing = self.uncovered_names()
        named = {
            lineage: [name for name in names if name in missing]
            for lineage, names in self.wanted.items()
            if lineage not in self.torn
        }
        return {lineage: names for lineage, names in named.items() if names}

    def pending_by_lineage(self) -> dict[str, Sequence[str]]:
        """Return the names that each lineage is to be ordered for, sooner or later."""
        missing = self.uncovered_names()
        found: dict[str, Sequence[str]] = {}
        for lineage, names in self.wanted.items():
            there = self.existing.get(lineage)
            needed = names if self._is_due(lineage) else [each for each in names if each in missing]
            if needed or there is None or {*there.names} != {*names}:
                found[lineage] = needed or names
        return found

    def names_to_release(self, lineage: str, missing: Collection[str]) -> set[str]:
        """Return the names that a lineage would give up and that no other one has yet."""
        there = self.existing.get(lineage)
        names = {*there.names} - {*self.wanted[lineage]} if there else set()
        return names.intersection(missing)

    def need(self, lineage: str) -> Need:
        """Return what there is of a lineage, and what it is to be."""
        there = self.existing.get(lineage)
        another = there is not None and is_from_other_ca(self._plan, lineage)
        return Need(
            lineage=lineage,
            wanted=self.wanted[lineage],
            existing=there.names if there else (),
            due=another or (there is not None and there.due(self._now())),
            late=another or (there is not None and there.late(self._now())),
            apart=next(name for n in count(2) if not self._is_taken(name := f"{lineage}-{n}")),
        )

    def _is_due(self, lineage: str) -> bool:
        there = self.existing.get(lineage)
        return there is not None and (
            there.due(self._now()) or is_from_other_ca(self._plan, lineage)
        )

    def _is_taken(self, name: str) -> bool:
        known = name in self.existing or name in self.wanted or name in self.torn
        return known or os.path.exists(os.path.join(self._plan.config_dir, "retired", name))

    # what is not

    def retire(self) -> None:
        """Take out of certbot's sight what is ours and nobody wants.

        What is to be replaced by another lineage stays until that one is there.

        Raises:
            CommitError: another certbot is at work.
            OSError: it cannot be moved or deleted.
        """
        missing = self.uncovered_names()
        for name, lineage in list(self.existing.items()):
            unwanted = name in self._ownership and name not in self.wanted
            if unwanted and missing.isdisjoint(lineage.names):
                retire(self._plan, name)
                done = "deleted" if self._plan.prune else "retired"
                self._log.info(f"{name}: {done}, its names are not wanted any more")
                self.existing = {k: v for k, v in self.existing.items() if k != name}
        if self._plan.prune:
            self._prune(missing)

    def _prune(self, missing: Collection[str]) -> None:
        """Delete what was only retired at an earlier time, but for what may still be of use."""
        folder = self._plan.config_dir
        kept = find_valid_retired(folder, self._now()) if missing else {}
        ours = [name for name in list_retired(folder) if name in self._ownership]
        unwanted = [name for name in ours if {*missing}.isdisjoint(kept.get(name, ()))]
        prune(self._plan, unwanted)
        for name in unwanted:
            self._log.info(f"{name}: deleted, it was retired earlier")
