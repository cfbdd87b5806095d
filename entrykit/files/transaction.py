"""Stage, check, swap: all files of a role become live, or none.

Why this holds if a start is killed: see `entrykit.files.staging`.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from entrykit.errors import CommitError
from entrykit.files import staging
from entrykit.files.checksums import add_checksums
from entrykit.files.config_file import ConfigFile, ConfigFiles
from entrykit.files.fs import make_folder, open_live
from entrykit.files.mounts import mount_points
from entrykit.files.ownership import refuse_foreign

Checker = Callable[[str], None]


def commit(
    files: ConfigFiles,
    folder: str,
    check: Checker,
    *,
    overwrite: bool = False,
) -> list[str]:
    """Make `files` the live ones of `folder`.

    Args:
        files: the whole set; the last becomes live last.
        folder: a directory, created if it is missing.
        check: called with a directory that holds the whole new set; raises to reject it.
        overwrite: whether a file without entrykit's mark may be replaced.

    Returns:
        The paths that changed; the others were not touched.

    Raises:
        CommitError: something cannot be written, or was not written by entrykit.
        Exception: whatever `check` raises; then nothing was changed.
    """
    files = add_checksums(files, folder)
    with wrap_os_errors(folder), lock_folder(folder):
        staging.recover(folder)
        changed = _select_changed(folder, files, overwrite=overwrite)
        if changed:
            staging.replace(folder, files, changed, check)
        else:
            check(folder)
    return changed


def recover(folder: str) -> None:
    """Complete or discard what a killed start has left.

    If there is nothing, nothing is touched and no lock is waited for. Staged files without a
    decision are left alone while another start holds the lock: they may be its own.

    Args:
        folder: where the files live; it need not exist.

    Raises:
        CommitError: something cannot be written.
    """
    if staging.is_decided(folder):
        with wrap_os_errors(folder), lock_folder(folder):
            staging.recover(folder)
    elif staging.has_leftovers(folder):
        with wrap_os_errors(folder), _try_lock_folder(folder) as alone:
            if alone:
                staging.recover(folder)


@contextmanager
def wrap_os_errors(folder: str) -> Iterator[None]:
    """Turn an OSError of a write below `folder` into a CommitError."""
    try:
        yield
    except OSError as error:
        path = str(error.filename2 or error.filename or folder)
        reason = f"{error.strerror} (errno {error.errno}, as uid {os.geteuid()})"
        raise CommitError(path, reason, _tip(error.errno, folder)) from error


def _tip(number: int | None, folder: str) -> str:
    if number == errno.EROFS:
        return f"mount something writable at {folder} (a volume, or {_tmpfs_options(folder)})"
    if number in {errno.EACCES, errno.EPERM}:
        return f"let uid {os.geteuid()} or group {os.getegid()} write to {folder}"
    if number in {errno.ENOSPC, errno.EDQUOT}:
        return f"free some space on the file system of {folder}"
    return f"make {folder} a directory that uid {os.geteuid()} can write to"


def _tmpfs_options(folder: str) -> str:
    """Return options for a tmpfs: it belongs to root, with the mode of the image's directory."""
    allowed = 0 in {os.geteuid(), os.getegid(), *os.getgroups()}
    return f"--tmpfs {folder}" if allowed else f"--tmpfs {folder} --group-add 0"


@contextmanager
def lock_folder(folder: str) -> Iterator[None]:
    """Let one start at a time work on a directory that several containers share."""
    make_folder(folder)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Some network file systems have no locks; a single start is safe without.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _try_lock_folder(folder: str) -> Iterator[bool]:
    """Lock a directory, and yield whether that succeeded; it cannot without support for locks."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        locked = False
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            locked = True
        yield locked
    finally:
        os.close(descriptor)


def _select_changed(folder: str, files: ConfigFiles, *, overwrite: bool) -> list[str]:
    """Return the paths of what differs from the live files, if all of it can be replaced."""
    changed = [file for file in files.values() if _differs(folder, file)]
    if not overwrite:
        refuse_foreign(folder, changed)
    _refuse_read_only_mounts(folder, changed)
    return [file.path for file in changed]


def _differs(folder: str, file: ConfigFile) -> bool:
    path = os.path.join(folder, file.path)
    try:
        with open_live(path) as live:
            looser = stat.S_IMODE(os.fstat(live.fileno()).st_mode) & ~file.mode
            return bool(looser) or live.read() != file.octets
    except FileNotFoundError:
        return True


def _refuse_read_only_mounts(folder: str, files: Sequence[ConfigFile]) -> None:
    """Fail before the decision: a file that is a mount is written in place."""
    mounted = mount_points()
    for file in files:
        path = os.path.join(folder, file.path)
        if os.path.realpath(path) in mounted:
            os.close(os.open(path, os.O_WRONLY))
