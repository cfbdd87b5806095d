"""Which lineages are the keeper's own: those of a person, or of an earlier certbot, are not.

What it has ordered or kept for DOMAINS is written down in CONFIG_DIR/entrykit-lineages.json.
Nothing else may be given other names, retired or deleted. A file of its own outlives what
certbot writes anew at each order, and comes back with a copy of the folder.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Final, TypeAlias

from entrykit.message import Log
from entrykit.roles.certbot import disk
from entrykit.roles.certbot.plan import Group, Plan

_Lineages: TypeAlias = Mapping[str, tuple[str, ...]]
_FORMAT: Final = "entrykit-lineages-1"


class Ownership:
    """What is known to be the keeper's.

    Args:
        plan: where it is written, and what is wanted.
        log: told if it cannot be written.
    """

    def __init__(self, plan: Plan, log: Log) -> None:
        self._path = os.path.join(plan.config_dir, "entrykit-lineages.json")
        self._groups, self._log = plan.groups, log
        self._written = _read(self._path)
        self._ours = self._written

    def __contains__(self, lineage: str) -> bool:
        return self._ours is not None and lineage in self._ours

    def usable(self, there: _Lineages) -> dict[str, tuple[str, ...]]:
        """Return what may be kept for DOMAINS: what is ours, and what may become that.

        Another's may if all its names are wanted by one group, and none of ours has them.
        Where nothing was ever written down, a lineage that is called after a group and
        has a name of it is ours, too.

        Args:
            there: the names of each lineage that there is.
        """
        ours = _namesakes(self._groups, there) if self._ours is None else self._ours
        homes = {name: group.name for group in self._groups for name in group.names}
        held = {name for lineage in ours & there.keys() for name in there[lineage]}

        def free(names: tuple[str, ...]) -> bool:
            users = {homes.get(name) for name in names}
            return held.isdisjoint(names) and len(users) == 1 and None not in users

        return {name: its for name, its in there.items() if name in ours or free(its)}

    def keep(self, used: Collection[str], present: Collection[str]) -> None:
        """Write down what is ours from now on.

        Args:
            used: lineages that are kept for DOMAINS, or are to be ordered for it.
            present: all that there are, in any state; others are forgotten.
        """
        self._ours = {*used, *((self._ours or set()) & {*present})}
        if self._ours == self._written:
            return
        import json

        text = json.dumps({"format": _FORMAT, "lineages": sorted(self._ours)}, indent=1)
        try:
            disk.write(self._path, f"{text}\n".encode(), 0o644)
            self._written = self._ours
        except OSError as error:  # a full disk; until a restart it is known all the same
            self._log.error(f"{self._path}: {error.strerror}")


def _namesakes(groups: Collection[Group], there: _Lineages) -> set[str]:
    return {
        group.name for group in groups if not {*there.get(group.name, ())}.isdisjoint(group.names)
    }


def _read(path: str) -> set[str] | None:
    """Return what was written; None if nothing was, or nothing that can be read."""
    import json

    try:
        with open(path, encoding="utf-8") as file:
            tree = json.load(file)
        return {*map(str, tree["lineages"])} if tree["format"] == _FORMAT else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
