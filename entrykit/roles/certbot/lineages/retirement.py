"""Retire lineages that are no longer wanted, and restore them when they are again."""

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
    """Move a lineage to CONFIG_DIR/retired, or delete it if the plan says so.

    All three parts have to go: what certbot still finds of one stops every later order of
    that name (tried with 2.1, 4.0 and 5.5).

    Args:
        plan: CONFIG_DIR, and whether to delete it.
        name: of the lineage.

    Raises:
        CommitError: another certbot is running.
        OSError: it cannot be moved or deleted.
    """
    kept = retired_path(plan.config_dir, name)
    with hold_lock(plan.config_dir):
        _delete(kept)
        move_lineage(plan.config_dir, name, kept)
        if plan.prune:
            _delete(kept)


def restore(plan: Plan, name: str) -> bool:
    """Move a retired lineage back, if nothing has taken its place.

    Args:
        plan: CONFIG_DIR.
        name: of the lineage.

    Returns:
        Whether it is back.

    Raises:
        CommitError: another certbot is running.
        OSError: it cannot be moved.
    """
    kept = retired_path(plan.config_dir, name)
    if not os.path.isdir(kept):
        return False
    with hold_lock(plan.config_dir):
        parts = _part_paths(plan.config_dir, name)
        if any(os.path.lexists(place) for place in parts.values()):
            return False
        # The configuration comes last: by it certbot sees the lineage.
        for part, place in reversed(parts.items()):
            _move(os.path.join(kept, part), place)
        _delete(kept)
    return True


def list_retired(config_dir: str) -> list[str]:
    """Return the names of the lineages in CONFIG_DIR/retired, which holds accounts as well."""
    names = sorted(list_folder(retired_path(config_dir, "")))
    return [name for name in names if _has_any_part(retired_path(config_dir, name))]


def find_valid_retired(config_dir: str, now: float) -> dict[str, tuple[str, ...]]:
    """Return the host names of each retired lineage whose certificate is valid.

    Args:
        config_dir: certbot's --config-dir.
        now: Unix seconds.
    """
    found = {}
    for name in list_retired(config_dir):
        with suppress(OSError, ValueError):
            leaf = _read_leaf(retired_path(config_dir, name))
            if x509.validity(leaf)[1] > now:
                found[name] = x509.dns_names(leaf)
    return found


def prune(plan: Plan, names: Collection[str]) -> None:
    """Delete retired lineages.

    Args:
        plan: CONFIG_DIR.
        names: of the lineages.

    Raises:
        CommitError: another certbot is running.
        OSError: one cannot be deleted.
    """
    if names:
        with hold_lock(plan.config_dir):
            for name in names:
                _delete(retired_path(plan.config_dir, name))


def retired_path(config_dir: str, name: str) -> str:
    """Return where a retired lineage is kept."""
    return os.path.join(config_dir, "retired", name)


def _has_any_part(folder: str) -> bool:
    return any(os.path.lexists(os.path.join(folder, part)) for part in (_CONF, *_FOLDERS))


def _read_leaf(kept: str) -> bytes:
    """Read the certificate of a retired lineage, whose links in `live` are broken."""
    file = os.path.basename(os.readlink(os.path.join(kept, "live", "cert.pem")))
    with open(os.path.join(kept, "archive", file), "rb") as certificate:
        return pem.leaf(certificate.read())


def move_lineage(config_dir: str, name: str, target: str) -> None:
    """Move all parts of a lineage into a new directory; the caller holds certbot's lock.

    Args:
        config_dir: certbot's --config-dir.
        name: of the lineage.
        target: the directory, which does not exist yet.
    """
    os.makedirs(target, mode=0o700)
    sync_folder(os.path.dirname(target))
    for part, place in _part_paths(config_dir, name).items():
        _move(place, os.path.join(target, part))


def _delete(path: str) -> None:
    """Delete a directory with all that is in it, if it exists."""
    if os.path.isdir(path):
        shutil.rmtree(path)


def _part_paths(config_dir: str, name: str) -> dict[str, str]:
    """Return the paths of a lineage's parts; certbot sees it by the first."""
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
    """Choose the retired lineages that would be used for a name without a certificate.

    That is one that serves as it is; or, until there is an order, one for a group that has
    nothing else. A lineage's own name alone is no reason: it would bring unwanted host
    names into HAProxy.

    Args:
        groups: the wanted certificates.
        usable: the host names of each lineage that is kept for them.
        retired: those of each retired one.
        there: the names of all existing lineages, also of those that are not the keeper's.

    Returns:
        The names of the lineages to restore.
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
