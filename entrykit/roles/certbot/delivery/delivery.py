"""Certificates on their way from certbot to HAProxy: onto the disk first, then live.

What HAProxy is given over its socket is gone when it restarts, so CERTS_DIR has it
before: the PEM files, the crt-list, the map of names. What is to leave is taken out
of those two first, then out of HAProxy, and its file is removed last.

Several keepers may deliver into one CERTS_DIR, one for each kind of challenge say. What
each has written it knows by CONFIG_DIR/entrykit-delivered.json, and removes nothing else.
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
from entrykit.files.fs import make_folder
from entrykit.files.transaction import wrap_os_errors
from entrykit.log import Log
from entrykit.roles.certbot.delivery import haproxy, pem_file
from entrykit.roles.certbot.delivery.pem_file import PemFile
from entrykit.roles.certbot.delivery.swap import SwapTarget
from entrykit.roles.certbot.lineages.record import Record
from entrykit.roles.certbot.plan import Plan
from entrykit.tls import certificate_folder, crt_list
from entrykit.tls.pem import InvalidPem

_LOCK_TIMEOUT: Final = 10.0  # seconds to wait for another delivery, which takes a fraction of one
_PAUSE: Final = 0.05
_PENDING: Final = ".entrykit.untold"  # in CERTS_DIR: HAProxy has still to be told of a change


def deliver(plan: Plan, names: Collection[str], log: Log) -> bool:
    """Bring CERTS_DIR and a running HAProxy up to the certificates that are wanted.

    Args:
        plan: where everything is.
        names: the lineages that are wanted. One that certbot does not have keeps the file
            that it once had; files of others that this keeper has delivered are removed.
        log: told of everything that changes, and of what HAProxy does not present and why.

    Returns:
        Whether HAProxy presents every lineage that certbot has, or will from its next
        start on, if it does not run.

    Raises:
        CommitError: CERTS_DIR cannot be written, or another delivery is at work there.
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
        _sync(folder)
        told = SwapTarget(files, leaving, index.groups)
        live = _update_haproxy(
            plan, told, log, changed=bool(leaving) or _list_inodes(folder) != before
        )
        _warn_of_duplicates(folder, index, log)
        _remove_files(folder, leaving, log)
        record.save(delivered if alone else wanted)
    return live and len(files) == len(lineages) and not unread


def _update_haproxy(plan: Plan, wanted: SwapTarget, log: Log, *, changed: bool) -> bool:
    """Tell HAProxy, and leave the mark if that has failed: a later delivery has to."""
    folder = str(plan.certs_dir)
    if changed:
        _mark_pending(folder)
    mark = os.path.join(folder, _PENDING)
    owed = os.path.exists(mark)
    live = haproxy.update_haproxy(plan, wanted, log, changed=owed)
    if live and owed:
        os.unlink(mark)
    return live


def _mark_pending(folder: str) -> None:
    """Remember on the disk that HAProxy has to be told: we may be killed before it is."""
    os.close(os.open(os.path.join(folder, _PENDING), os.O_WRONLY | os.O_CREAT, 0o644))


def _warn_of_duplicates(folder: str, index: certificate_folder.Index, log: Log) -> None:
    """Warn of files of somebody else's for the same names: which one is presented is not ours."""
    ours = pem_file.list_delivered(folder)
    mine = {name for each in index.served if each.name in ours for name in each.names}
    for each in index.served:
        if each.name not in ours and (both := mine.intersection(each.names)):
            log.warning(
                f"{each.name} is a certificate for {min(both)} too, which somebody else put "
                "there: clients may get that one; take it away"
            )


def _read_lineages(config_dir: str, names: Collection[str], log: Log) -> tuple[list[PemFile], int]:
    """Read what certbot has, and count what of that cannot be read."""
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
    """Write the files, and return those that stand: one that cannot does not stop the others."""
    standing = []
    for file in lineages:
        try:
            if pem_file.write(folder, file, group, partial(_mark_pending, folder)):
                log.info(f"{folder}/{file.name} is written")
                _warn_if_unreadable(folder, file, group, log)
            standing.append(file)
        except InvalidPem as reason:
            log.error(f"{folder}/{file.name}: certificate not delivered: {reason}")
        except CommitError as error:
            log.error(str(error))
    return tuple(standing)


def _warn_if_unreadable(folder: str, file: PemFile, group: int | None, log: Log) -> None:
    path = os.path.join(folder, file.name)
    if group is not None and os.stat(path).st_gid != group:
        log.warning(
            f"{path}: only uid {os.geteuid()} can read it, because that uid cannot give it to "
            f"group {group}; run as root, or as a member of that group"
        )


def _remove_files(folder: str, leaving: Collection[str], log: Log) -> None:
    for name in sorted(leaving):
        os.unlink(os.path.join(folder, name))
        log.info(f"{folder}/{name} is removed: nobody wants its certificate any more")


def _list_inodes(folder: str) -> set[tuple[str, int]]:
    """Tell apart what stands in a folder: a file that is replaced is another one."""
    with os.scandir(folder) as entries:
        return {(entry.name, entry.inode()) for entry in entries}


@contextmanager
def _hold_lock(folder: str) -> Iterator[None]:
    """Let one delivery at a time work on a folder, and with the HAProxy that has it."""
    make_folder(folder)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        deadline = time.monotonic() + _LOCK_TIMEOUT
        while not _try_lock(descriptor):
            if time.monotonic() > deadline:
                raise CommitError(
                    folder,
                    f"another delivery has been at work there for {_LOCK_TIMEOUT:.0f} seconds",
                    "look for a second certbot with the same CERTS_DIR, or for one that hangs",
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
        # Some network file systems have no locks for folders; there one delivery is as safe as
        # ever, and two leave no torn file.
        return True
    return True


def _sync(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
