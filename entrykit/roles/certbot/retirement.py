"""Lineages that nobody wants any more, out of certbot's sight, and their way back."""

from __future__ import annotations

import os
import shutil
from typing import Final

from entrykit.roles.certbot import disk, renewal
from entrykit.roles.certbot.lock import locked
from entrykit.roles.certbot.plan import Plan

_CONF: Final = "renewal.conf"
_FOLDERS: Final = ("live", "archive")


def retire(plan: Plan, name: str) -> None:
    """Take a lineage out of certbot's sight, or delete it if the plan says so.

    It is kept in CONFIG_DIR/retired, as all three parts have to go: what certbot still
    finds of one stops every later order of that name (tried with 2.1, 4.0 and 5.5).

    Args:
        plan: where it is, and whether to delete it.
        name: of the lineage.

    Raises:
        CommitError: another certbot is at work.
        OSError: it cannot be moved or deleted.
    """
    with locked(plan.config_dir):
        put_away(plan.config_dir, name, "retired")
        if plan.prune:
            discard(os.path.join(plan.config_dir, "retired", name))


def restore(plan: Plan, name: str) -> bool:
    """Put a retired lineage back, if nothing has taken its place.

    Args:
        plan: where it is.
        name: of the lineage.

    Returns:
        Whether it is back.

    Raises:
        CommitError: another certbot is at work.
        OSError: it cannot be moved.
    """
    kept = os.path.join(plan.config_dir, "retired", name)
    if not os.path.isdir(kept):
        return False
    with locked(plan.config_dir):
        parts = _parts(plan.config_dir, name)
        if any(os.path.lexists(place) for place in parts.values()):
            return False
        # The configuration comes last: with it certbot takes the lineage for whole.
        for part, place in reversed(parts.items()):
            _move(os.path.join(kept, part), place)
        discard(kept)
    return True


def put_away(config_dir: str, name: str, where: str) -> None:
    """Move all that there is of a lineage into a folder; what had its name there is deleted.

    The caller holds certbot's lock.

    Args:
        config_dir: certbot's --config-dir.
        name: of the lineage.
        where: the folder's name.
    """
    away = os.path.join(config_dir, where, name)
    discard(away)
    os.makedirs(away, mode=0o700)
    disk.sync(os.path.dirname(away))
    for part, place in _parts(config_dir, name).items():
        _move(place, os.path.join(away, part))


def discard(path: str) -> None:
    """Delete a folder with all that is in it, if it is there."""
    if os.path.isdir(path):
        shutil.rmtree(path)


def _parts(config_dir: str, name: str) -> dict[str, str]:
    """Return where the parts of a lineage are; certbot sees it by the first."""
    folders = {folder: os.path.join(config_dir, folder, name) for folder in _FOLDERS}
    return {_CONF: renewal.path(config_dir, name), **folders}


def _move(old: str, new: str) -> None:
    if os.path.lexists(old):
        os.makedirs(os.path.dirname(new), mode=0o700, exist_ok=True)
        disk.move(old, new)
