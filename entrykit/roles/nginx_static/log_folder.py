"""The folder of NGINX_LOGS=per-domain: nginx's workers create its files."""

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
    """Let the workers write to LOG_DIR, and to what lies there for our domains.

    Args:
        settings: LOG_DIR, and the domains after whom its files are called.
        log: told of everything that gets another owner, and of files that stay unwritten.

    Raises:
        CommitError: the workers cannot write to it, and it is not ours to give.
    """
    folder, account = settings.log_dir, find_worker()
    with _translate_errors(folder):
        new = make_folder(folder)
        if account is None:
            _refuse_unwritable(folder)
        elif not account.may_write(os.stat(folder)):
            _give_folder(folder, account, new=new)
            log.info(f"LOG_DIR: {folder} now belongs to {account.user}, who nginx's workers are")
        names = {f"{name}.log" for name in (*settings.sites.folders, "_")}
        for name in sorted(names & set(os.listdir(folder))):
            _make_writable(os.path.join(folder, name), account, log)


@contextmanager
def _translate_errors(folder: str) -> Iterator[None]:
    """Turn what the system says into a CommitError that names the variable."""
    try:
        yield
    except OSError as error:
        tip = f"have LOG_DIR name a folder that nginx's workers can write to, not {folder}"
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
    """Give a folder to the workers, unless somebody else has things there."""
    if not new and (other := next(_find_non_logs(folder), None)):
        raise CommitError(
            folder,
            f"{account.user}, who nginx's workers are, cannot write there, and "
            f"{display(other)} in it is no log: it is not given to them",
            f"have LOG_DIR name a folder for logs alone, or let {account.user} write to {folder}",
        )
    os.chown(folder, account.uid, account.gid)


def _find_non_logs(folder: str) -> Iterator[str]:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False) or not _is_log(entry.name):
            yield entry.name


def _make_writable(path: str, account: Account | None, log: Log) -> None:
    """Have the workers write to a file that is there: one of root's, as a log's rotation makes."""
    if account is None:
        writable = os.access(path, os.W_OK) or not os.path.exists(path)
    else:
        writable = _can_write(path, account) or _give_file(path, account, log)
    if not writable:
        log.warning(f"LOG_DIR: {path}: nginx's workers cannot write to it, and lose its lines")


def _can_write(path: str, account: Account) -> bool:
    try:
        return account.may_write(os.stat(path))
    except FileNotFoundError:  # a link to what is not there yet
        return True


def _give_file(path: str, account: Account, log: Log) -> bool:
    """Give a plain file to the workers; whether they can write to it then.

    A link of either kind may lead to what is nobody's log, and in this folder the workers
    themselves can make one.
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
