"""Know which lineages are the keeper's own; those of a user or an earlier certbot are not.

CONFIG_DIR/entrykit-lineages.json lists what the keeper has ordered or kept for DOMAINS.
Nothing else may get other host names, be retired or deleted. certbot rewrites its own files
at each order, so this is a separate one, which comes back with a copy of the directory.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeAlias

from entrykit.log import Log
from entrykit.roles.certbot.lineages.record import Record
from entrykit.roles.certbot.plan import Group, Plan

_Lineages: TypeAlias = Mapping[str, tuple[str, ...]]


class Ownership:
    """The lineages that are known to be the keeper's.

    Args:
        plan: CONFIG_DIR, and the wanted certificates.
        log: gets an error if the list cannot be written.
    """

    def __init__(self, plan: Plan, log: Log) -> None:
        self._groups = plan.groups
        self._record = Record(plan.config_dir, "lineages", log)
        self._owned = self._record.names

    def __contains__(self, lineage: str) -> bool:
        return self._owned is not None and lineage in self._owned

    def select_usable(self, there: _Lineages) -> dict[str, tuple[str, ...]]:
        """Return the lineages that may be kept for DOMAINS: owned ones, and adoptable ones.

        A lineage can be adopted if all its host names are wanted by one group, and no owned
        one has them. Without any list yet, a lineage that is called after a group and has
        a host name of it counts as owned.

        Args:
            there: the host names of each existing lineage.
        """
        owned = _find_namesakes(self._groups, there) if self._owned is None else self._owned
        homes = {name: group.name for group in self._groups for name in group.names}
        held = {name for lineage in owned & there.keys() for name in there[lineage]}

        def is_free(names: tuple[str, ...]) -> bool:
            users = {homes.get(name) for name in names}
            return held.isdisjoint(names) and len(users) == 1 and None not in users

        return {name: its for name, its in there.items() if name in owned or is_free(its)}

    def update(self, used: Collection[str], present: Collection[str]) -> None:
        """Save which lineages are owned from now on.

        Args:
            used: those that are kept for DOMAINS, or will be ordered for it.
            present: all that exist, in any state; others are forgotten.
        """
        self._owned = {*used, *((self._owned or set()) & {*present})}
        self._record.save(self._owned)


def _find_namesakes(groups: Collection[Group], there: _Lineages) -> set[str]:
    return {
        group.name for group in groups if not {*there.get(group.name, ())}.isdisjoint(group.names)
    }
