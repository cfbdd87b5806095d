"""The directory of NGINX_LOGS=per-domain: nginx's workers create its files."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from entrykit.display import display
from entrykit.errors import CommitError
from entrykit.files.fs import make_folder
from entrykit.log import Log
from entrykit.roles.nginx_static.settings import NginxSettings
from entrykit.roles.nginx_static.worker_account import Account, find_worker

_is_log: Final = re.compile(r".+\.log(?:[.-].*)?").fullmatch


def open_to_workers(settings: NginxSettings, log: Log) -> None:
    """Let the workers write to LOG_DIR, and to the logs of these domains in it.

    Args:
        settings: LOG_DIR, and the domains that its files are named after.
        log: gets a message for each change of an owner, and for files that cannot be written.

    Raises:
        CommitError: the workers cannot write to it, and its owner cannot be changed.
    """
    folder, account = settings.log_dir, find_worker()
    with _translate_errors(folder):
        new = make_folder(folder)
        if account is None:
            _refuse_unwritable(folder)
        elif not account.may_write(os.stat(folder)):
            _give_folder(folder, account, new=new)
            log.info(
                f"LOG_DIR: {folder} now belongs to {account.user}, the user of nginx's workers"
            )
        names = {f"{name}.log" for name in (*settings.sites.folders, "_")}
        for name in sorted(names & set(os.listdir(folder))):
            _make_writable(os.path.join(folder, name), account, log)


@contextmanager
def _translate_errors(folder: str) -> Iterator[None]:
    """Translate errors of the system into a CommitError that names the variable."""
    try:
        yield
    except OSError as error:
        tip = f"set LOG_DIR to a directory that nginx's workers can write to, not {folder}"
        reason = f"{error.strerror} (errno {error.errno}, as uid {os.geteuid()})"
        raise CommitError(str(error.filename or folder), reason, tip) from error


def _refuse_unwritable(folder: str) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CommitError(
            folder,
            f"Permission denied (as uid {os.geteuid()})",
            f"let uid {os.geteuid()} or group {os.getegid()} write to LOG_DIR, {folder}",
        )


def _give_folder(folder: str, account: Account, *, new: bool) -> None:
    """Make the workers' user the owner of the directory, unless it has other files too."""
    if not new and (other := next(_find_non_logs(folder), None)):
        raise CommitError(
            folder,
            f"{account.user}, the user of nginx's workers, cannot write there, and "
            f"{display(other)} in it is not a log: its owner is not changed",
            f"set LOG_DIR to a directory for logs only, or let {account.user} write to {folder}",
        )
    os.chown(folder, account.uid, account.gid)


def _find_non_logs(folder: str) -> Iterator[str]:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False) or not _is_log(entry.name):
            yield entry.name


def _make_writable(path: str, account: Account | None, log: Log) -> None:
    """Let the workers write to an existing file: e.g. one that a log rotation created as root."""
    if account is None:
        writable = os.access(path, os.W_OK) or not os.path.exists(path)
    else:
        writable = _can_write(path, account) or _give_file(path, account, log)
    if not writable:
        log.warning(f"LOG_DIR: {path}: nginx's workers cannot write to it, and its lines are lost")


def _can_write(path: str, account: Account) -> bool:
    try:
        return account.may_write(os.stat(path))
    except FileNotFoundError:  # a link to a file that does not exist yet
        return True


def _give_file(path: str, account: Account, log: Log) -> bool:
    """Make the workers' user the owner of a plain file; return whether they can write to it.

    A link of either kind may lead to a file that is not a log, and the workers themselves can
    create one in this directory.
    """
    if os.path.islink(path):
        return False
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            return False
        os.fchown(descriptor, account.uid, account.gid)
        log.info(f"LOG_DIR: {path} now belongs to {account.user}")
        return account.may_write(os.fstat(descriptor))
    finally:
        os.close(descriptor)
