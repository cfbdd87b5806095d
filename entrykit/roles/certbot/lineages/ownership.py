"""Which lineages are the keeper's own: those of a person, or of an earlier certbot, are not.

What it has ordered or kept for DOMAINS is written down in CONFIG_DIR/entrykit-lineages.json.
Nothing else may be given other names, retired or deleted. A file of its own outlives what
certbot writes anew at each order, and comes back with a copy of the folder.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeAlias

from entrykit.log import Log
from entrykit.roles.certbot.lineages.record import Record
from entrykit.roles.certbot.plan import Group, Plan

_Lineages: TypeAlias = Mapping[str, tuple[str, ...]]


class Ownership:
    """What is known to be the keeper's.

    Args:
        plan: where it is written, and what is wanted.
        log: told if it cannot be written.
    """

    def __init__(self, plan: Plan, log: Log) -> None:
        self._groups = plan.groups
        self._record = Record(plan.config_dir, "lineages", log)
        self._owned = self._record.names

    def __contains__(self, lineage: str) -> bool:
        return self._owned is not None and lineage in self._owned

    def usable(self, there: _Lineages) -> dict[str, tuple[str, ...]]:
        """Return what may be kept for DOMAINS: what is ours, and what may become that.

        Another's may if all its names are wanted by one group, and none of ours has them.
        Where nothing was ever written down, a lineage that is called after a group and
        has a name of it is ours, too.

        Args:
            there: the names of each lineage that there is.
        """
        ours = _find_namesakes(self._groups, there) if self._owned is None else self._owned
        homes = {name: group.name for group in self._groups for name in group.names}
        held = {name for lineage in ours & there.keys() for name in there[lineage]}

        def is_free(names: tuple[str, ...]) -> bool:
            users = {homes.get(name) for name in names}
            return held.isdisjoint(names) and len(users) == 1 and None not in users

        return {name: its for name, its in there.items() if name in ours or is_free(its)}

    def keep(self, used: Collection[str], present: Collection[str]) -> None:
        """Write down what is ours from now on.

        Args:
            used: lineages that are kept for DOMAINS, or are to be ordered for it.
            present: all that there are, in any state; others are forgotten.
        """
        self._owned = {*used, *((self._owned or set()) & {*present})}
        self._record.keep(self._owned)


def _find_namesakes(groups: Collection[Group], there: _Lineages) -> set[str]:
    return {
        group.name for group in groups if not {*there.get(group.name, ())}.isdisjoint(group.names)
    }
