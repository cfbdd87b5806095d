"""Compare the certificates in CONFIG_DIR with the wanted ones."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import count

from entrykit.log import Log
from entrykit.roles.certbot.lineages.allotment import allot
from entrykit.roles.certbot.lineages.lineages import Lineage, list_names, load_lineages
from entrykit.roles.certbot.lineages.ownership import Ownership
from entrykit.roles.certbot.lineages.renewal_conf import is_from_other_ca
from entrykit.roles.certbot.lineages.repair import repair_all
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
    """The state of CONFIG_DIR at the last refresh.

    Args:
        plan: CONFIG_DIR, and the wanted certificates.
        signals: may interrupt a refresh.
        log: gets a line for what is repaired, retired or deleted.
        now: the clock, in Unix seconds.

    Attributes:
        existing: the lineages that can be served, by name.
        wanted: the host names that each lineage should have.
        torn: the lineages that could not be repaired: none of them may be ordered.
    """

    def __init__(self, plan: Plan, signals: Signals, log: Log, now: Callable[[], float]) -> None:
        self._plan, self._signals, self._log, self._now = plan, signals, log, now
        self._ownership = Ownership(plan, log)
        self.existing: Mapping[str, Lineage] = {}
        self.wanted: Mapping[str, Sequence[str]] = {}
        self.torn: frozenset[str] = frozenset()

    # refreshing

    def refresh(self) -> None:
        """Repair what is torn, restore what is of use, and read what exists.

        Raises:
            CommitError: another certbot is running.
            OSError: a file or directory cannot be read or written.
            Stopped: the keeper received a signal to stop.
        """
        self._repair()
        if self._restore():
            # What was retired before CONFIG_DIR was moved still names the former directory.
            self._repair()

    def _repair(self) -> None:
        self.torn = self._signals.run_in_thread(lambda: repair_all(self._plan, self._log))
        self.existing = self._signals.run_in_thread(lambda: load_lineages(self._plan.config_dir))
        there = {name: lineage.names for name, lineage in self.existing.items()}
        usable = self._ownership.select_usable(there)
        taken = there.keys() - usable.keys()
        self.wanted = allot(self._plan.groups, usable, taken=taken)
        self._claim({*self.wanted} - self.torn)

    def _claim(self, used: Collection[str]) -> None:
        folder = self._plan.config_dir
        self._ownership.update(used, {*list_names(folder), *list_retired(folder), *self.torn})

    def _restore(self) -> bool:
        """Restore the retired lineages that are of use without an order, or until there is one."""
        if not self.uncovered_names():
            return False
        there = {name: lineage.names for name, lineage in self.existing.items()}
        kept = find_valid_retired(self._plan.config_dir, self._now())
        kept = {name: its for name, its in kept.items() if name not in there}
        usable = self._ownership.select_usable(there)
        wanted = choose_restorable(self._plan.groups, usable, kept, there)
        back = [name for name in wanted if restore(self._plan, name)]
        self._claim({*self.wanted, *back} - self.torn)
        return bool(back)

    # comparing

    def wanted_names(self) -> set[str]:
        """Return all wanted host names."""
        return {name for names in self.wanted.values() for name in names}

    def covered_names(self) -> set[str]:
        """Return the wanted names with a certificate that is valid now."""
        now = self._now()
        return {
            name
            for lineage, names in self.wanted.items()
            if (there := self.existing.get(lineage)) and there.not_after > now
            for name in names
            if name in there.names
        }

    def uncovered_names(self) -> set[str]:
        """Return the wanted names without a valid certificate."""
        return self.wanted_names() - self.covered_names()

    def uncovered_by_lineage(self) -> dict[str, list[str]]:
        """Return the names without a valid certificate; torn lineages are reported by repair."""
        missing = self.uncovered_names()
        named = {
            lineage: [name for name in names if name in missing]
            for lineage, names in self.wanted.items()
            if lineage not in self.torn
        }
        return {lineage: names for lineage, names in named.items() if names}

    def pending_by_lineage(self) -> dict[str, Sequence[str]]:
        """Return the names of each lineage that an order is still pending for."""
        missing = self.uncovered_names()
        found: dict[str, Sequence[str]] = {}
        for lineage, names in self.wanted.items():
            there = self.existing.get(lineage)
            needed = names if self._is_due(lineage) else [each for each in names if each in missing]
            if needed or there is None or {*there.names} != {*names}:
                found[lineage] = needed or names
        return found

    def names_to_release(self, lineage: str, missing: Collection[str]) -> set[str]:
        """Return the names that a lineage would lose and that no other one has yet."""
        there = self.existing.get(lineage)
        names = {*there.names} - {*self.wanted[lineage]} if there else set()
        return names.intersection(missing)

    def need(self, lineage: str) -> Need:
        """Return what an order for a lineage depends on."""
        there = self.existing.get(lineage)
        another = there is not None and is_from_other_ca(self._plan, lineage)
        return Need(
            lineage=lineage,
            wanted=self.wanted[lineage],
            existing=there.names if there else (),
            due=another or (there is not None and there.is_due(self._now())),
            overdue=another or (there is not None and there.is_overdue(self._now())),
            separate_name=next(
                name for n in count(2) if not self._is_taken(name := f"{lineage}-{n}")
            ),
        )

    def _is_due(self, lineage: str) -> bool:
        there = self.existing.get(lineage)
        return there is not None and (
            there.is_due(self._now()) or is_from_other_ca(self._plan, lineage)
        )

    def _is_taken(self, name: str) -> bool:
        known = name in self.existing or name in self.wanted or name in self.torn
        return known or os.path.exists(os.path.join(self._plan.config_dir, "retired", name))

    # retiring

    def retire(self) -> None:
        """Retire the keeper's own lineages that are no longer wanted.

        One that another lineage will replace stays until that one exists.

        Raises:
            CommitError: another certbot is running.
            OSError: one cannot be moved or deleted.
        """
        missing = self.uncovered_names()
        for name, lineage in list(self.existing.items()):
            unwanted = name in self._ownership and name not in self.wanted
            if unwanted and missing.isdisjoint(lineage.names):
                retire(self._plan, name)
                done = "deleted" if self._plan.prune else "retired"
                self._log.info(f"{name}: {done}, its names are no longer wanted")
                self.existing = {k: v for k, v in self.existing.items() if k != name}
        if self._plan.prune:
            self._prune(missing)

    def _prune(self, missing: Collection[str]) -> None:
        """Delete what was retired earlier, except for what may still be of use."""
        folder = self._plan.config_dir
        kept = find_valid_retired(folder, self._now()) if missing else {}
        owned = [name for name in list_retired(folder) if name in self._ownership]
        unwanted = [name for name in owned if {*missing}.isdisjoint(kept.get(name, ()))]
        prune(self._plan, unwanted)
        for name in unwanted:
            self._log.info(f"{name}: deleted, it was retired earlier")
