"""Lineages that nobody wants any more, out of certbot's sight, and their way back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Final, TypeAlias

from entrykit.files.fs import move_file, sync_folder
from entrykit.roles.certbot.lineages import renewal_conf
from entrykit.roles.certbot.lineages.allotment import allot
from entrykit.roles.certbot.lineages.lineages import list_folder
from entrykit.roles.certbot.lineages.lock import hold_lock
from entrykit.roles.certbot.plan import Group, Plan
from entrykit.tls import pem, x509

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
    with hold_lock(plan.config_dir):
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
    with hold_lock(plan.config_dir):
        parts = _part_paths(plan.config_dir, name)
        if any(os.path.lexists(place) for place in parts.values()):
            return False
        # The configuration comes last: with it certbot takes the lineage for whole.
        for part, place in reversed(parts.items()):
            _move(os.path.join(kept, part), place)
        discard(kept)
    return True


def list_retired(config_dir: str) -> list[str]:
    """Return the names of what is kept in CONFIG_DIR/retired; accounts are there as well."""
    folder = os.path.join(config_dir, "retired")
    parts = (_CONF, *_FOLDERS)
    return [
        name for name in sorted(list_folder(folder)) if _has_any(os.path.join(folder, name), parts)
    ]


def find_valid_retired(config_dir: str, now: float) -> dict[str, tuple[str, ...]]:
    """Return the host names of each retired lineage whose certificate is valid.

    Args:
        config_dir: certbot's --config-dir.
        now: Unix seconds.
    """
    found = {}
    for name in list_retired(config_dir):
        with suppress(OSError, ValueError):
            leaf = _read_leaf(os.path.join(config_dir, "retired", name))
            if x509.validity(leaf)[1] > now:
                found[name] = x509.dns_names(leaf)
    return found


def prune(plan: Plan, names: Collection[str]) -> None:
    """Delete what was retired before.

    Args:
        plan: where it is.
        names: of retired lineages.

    Raises:
        CommitError: another certbot is at work.
        OSError: it cannot be deleted.
    """
    if names:
        with hold_lock(plan.config_dir):
            for name in names:
                discard(os.path.join(plan.config_dir, "retired", name))


def _has_any(folder: str, parts: Collection[str]) -> bool:
    return any(os.path.lexists(os.path.join(folder, part)) for part in parts)


def _read_leaf(kept: str) -> bytes:
    """Read the certificate; the links of `live` lead nowhere while it is away."""
    file = os.path.basename(os.readlink(os.path.join(kept, "live", "cert.pem")))
    with open(os.path.join(kept, "archive", file), "rb") as certificate:
        return pem.leaf(certificate.read())


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
    sync_folder(os.path.dirname(away))
    for part, place in _part_paths(config_dir, name).items():
        _move(place, os.path.join(away, part))


def discard(path: str) -> None:
    """Delete a folder with all that is in it, if it is there."""
    if os.path.isdir(path):
        shutil.rmtree(path)


def _part_paths(config_dir: str, name: str) -> dict[str, str]:
    """Return where the parts of a lineage are; certbot sees it by the first."""
    folders = {folder: os.path.join(config_dir, folder, name) for folder in _FOLDERS}
    return {_CONF: renewal_conf.path(config_dir, name), **folders}


def _move(old: str, new: str) -> None:
    if os.path.lexists(old):
        os.makedirs(os.path.dirname(new), mode=0o700, exist_ok=True)
        move_file(old, new)


_Lineages: TypeAlias = Mapping[str, tuple[str, ...]]


def choose_restorable(
    groups: Sequence[Group], usable: _Lineages, retired: _Lineages, there: Collection[str]
) -> list[str]:
    """Choose what is put back: what would be used, for a name that has no certificate.

    That is a lineage that serves as it is; or, until there is an order, one for a group
    that has nothing else. By its name alone none comes back: it would bring names into
    HAProxy that nobody wants.

    Args:
        groups: what is wanted.
        usable: the names of each lineage that is kept for them.
        retired: those of each retired one.
        there: the names of all lineages that there are, also of somebody else's.

    Returns:
        The names of retired lineages.
    """
    homes = {name: group.name for group in groups for name in group.names}
    held = {name for names in usable.values() for name in names}
    kept = {k: names for k, names in retired.items() if (homes.keys() & {*names}) - held}
    if not kept:
        return []
    served = {homes[name] for name in held if name in homes}
    used = allot(groups, {**usable, **kept}, taken={*there} - usable.keys())
    return [
        lineage
        for lineage, names in kept.items()
        if ({*(its := used.get(lineage, ()))} - held)
        and ({*its} == {*names} or homes[its[0]] not in served)
    ]
