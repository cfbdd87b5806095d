"""Deliver certificates from certbot to HAProxy: first to the disk, then live.

HAProxy loses what it received over its socket when it restarts, so everything is in
CERTS_DIR before: the PEM files, the crt-list, the map of names. A certificate to be
removed leaves those two first, then HAProxy, and its file is removed last.

Several keepers may deliver into one CERTS_DIR, e.g. one for each kind of challenge. Each
records its files in CONFIG_DIR/entrykit-delivered.json, and removes no others.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final

from entrykit.errors import CommitError
from entrykit.files.fs import make_folder, sync_folder
from entrykit.files.transaction import wrap_os_errors
from entrykit.log import Log
from entrykit.roles.certbot.delivery import haproxy, pem_file
from entrykit.roles.certbot.delivery.pem_file import PemFile
from entrykit.roles.certbot.delivery.swap import SwapTarget
from entrykit.roles.certbot.lineages.record import Record
from entrykit.roles.certbot.plan import Plan
from entrykit.tls import certificate_folder, crt_list
from entrykit.tls.pem import InvalidPem

_LOCK_TIMEOUT: Final = 10.0  # seconds to wait for another delivery, which takes less than one
_PAUSE: Final = 0.05
_PENDING: Final = ".entrykit.pending"  # in CERTS_DIR: HAProxy does not have a change yet


def deliver(plan: Plan, names: Collection[str], log: Log) -> bool:
    """Update CERTS_DIR and a running HAProxy to the wanted certificates.

    Args:
        plan: has all paths and sockets.
        names: the wanted lineages. One that certbot does not have keeps its earlier file;
            other files that this keeper has delivered are removed.
        log: gets every change, and what HAProxy does not serve and why.

    Returns:
        Whether HAProxy serves every lineage that certbot has; if it does not run, whether
        it will after its next start.

    Raises:
        CommitError: CERTS_DIR cannot be written, or another delivery has locked it.
    """
    return _deliver(plan, names, log, alone=False)


def deliver_one(plan: Plan, name: str, log: Log) -> bool:
    """Deliver one lineage and leave all others as they are: for certbot's deploy hook.

    Returns and raises as `deliver` does.
    """
    return _deliver(plan, [name], log, alone=True)


def _deliver(plan: Plan, names: Collection[str], log: Log, *, alone: bool) -> bool:
    folder = plan.certs_dir
    if folder is None:
        return True
    lineages, unread = _read_lineages(plan.config_dir, names, log)
    with wrap_os_errors(folder), _hold_lock(folder):
        pem_file.sweep(folder)
        before = _list_inodes(folder)
        wanted = {name + pem_file.ENDING for name in names}
        record = Record(plan.config_dir, "delivered", log)
        record.save(delivered := {*(record.names or ()), *wanted})
        files = _write_files(folder, lineages, plan.certs_group, log)
        leaving = set() if alone else pem_file.list_delivered(folder) & delivered - wanted
        index = certificate_folder.index(folder).without(leaving)
        crt_list.write_index(folder, index, certificate_folder.FIRST_LINE)
        sync_folder(folder)
        target = SwapTarget(files, leaving, index.groups)
        live = _update_haproxy(
            plan, target, log, changed=bool(leaving) or _list_inodes(folder) != before
        )
        _warn_of_duplicates(folder, index, log)
        _remove_files(folder, leaving, log)
        record.save(delivered if alone else wanted)
    return live and len(files) == len(lineages) and not unread


def _update_haproxy(plan: Plan, wanted: SwapTarget, log: Log, *, changed: bool) -> bool:
    """Update HAProxy; leave the mark if that fails, for a later delivery to retry."""
    folder = str(plan.certs_dir)
    if changed:
        _mark_pending(folder)
    mark = os.path.join(folder, _PENDING)
    is_pending = os.path.exists(mark)
    live = haproxy.update_haproxy(plan, wanted, log, changed=is_pending)
    if live and is_pending:
        os.unlink(mark)
    return live


def _mark_pending(folder: str) -> None:
    """Record on the disk that HAProxy has to be updated, in case a kill comes first."""
    os.close(os.open(os.path.join(folder, _PENDING), os.O_WRONLY | os.O_CREAT, 0o644))


def _warn_of_duplicates(folder: str, index: certificate_folder.Index, log: Log) -> None:
    """Warn of external files for the same names: HAProxy chooses which one it serves."""
    own_files = pem_file.list_delivered(folder)
    own_names = {name for each in index.served if each.name in own_files for name in each.names}
    for each in index.served:
        if each.name not in own_files and (both := own_names.intersection(each.names)):
            log.warning(
                f"{each.name} is also a certificate for {min(both)}, but not written by "
                "entrykit: clients may get that one; remove it"
            )


def _read_lineages(config_dir: str, names: Collection[str], log: Log) -> tuple[list[PemFile], int]:
    """Read the lineages that certbot has, and count those that cannot be read."""
    found, unread = [], 0
    for name in sorted(names):
        try:
            if lineage := pem_file.read_lineage(config_dir, name):
                found.append(lineage)
        except (InvalidPem, OSError) as error:
            log.error(f"{name}: certificate not delivered: {error}")
            unread += 1
    return found, unread


def _write_files(
    folder: str, lineages: Sequence[PemFile], group: int | None, log: Log
) -> tuple[PemFile, ...]:
    """Write the files, and return those that are in place; the others are logged."""
    written = []
    for file in lineages:
        try:
            if pem_file.write(folder, file, group, partial(_mark_pending, folder)):
                log.info(f"wrote {folder}/{file.name}")
                _warn_if_unreadable(folder, file, group, log)
            written.append(file)
        except InvalidPem as reason:
            log.error(f"{folder}/{file.name}: certificate not delivered: {reason}")
        except CommitError as error:
            log.error(str(error))
    return tuple(written)


def _warn_if_unreadable(folder: str, file: PemFile, group: int | None, log: Log) -> None:
    path = os.path.join(folder, file.name)
    if group is not None and os.stat(path).st_gid != group:
        log.warning(
            f"{path}: only uid {os.geteuid()} can read it, because it cannot give the file to "
            f"group {group}; run as root, or as a member of that group"
        )


def _remove_files(folder: str, leaving: Collection[str], log: Log) -> None:
    for name in sorted(leaving):
        os.unlink(os.path.join(folder, name))
        log.info(f"removed {folder}/{name}: its certificate is no longer wanted")


def _list_inodes(folder: str) -> set[tuple[str, int]]:
    """Return the files of a directory with their inodes, which change when one is replaced."""
    with os.scandir(folder) as entries:
        return {(entry.name, entry.inode()) for entry in entries}


@contextmanager
def _hold_lock(folder: str) -> Iterator[None]:
    """Lock a directory, so that one delivery at a time changes it and its HAProxy."""
    make_folder(folder)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        deadline = time.monotonic() + _LOCK_TIMEOUT
        while not _try_lock(descriptor):
            if time.monotonic() > deadline:
                raise CommitError(
                    folder,
                    f"locked by another delivery for {_LOCK_TIMEOUT:.0f} seconds",
                    "look for a second certbot with the same CERTS_DIR, or one that hangs",
                )
            time.sleep(_PAUSE)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # Some network file systems cannot lock directories. There a single delivery is as safe
        # as ever, and two at once still leave no incomplete file.
        return True
    return True
