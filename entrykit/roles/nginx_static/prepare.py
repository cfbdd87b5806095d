"""What nginx needs beside its files: a folder for logs, and folders to serve."""

from __future__ import annotations

import os
from contextlib import suppress

from entrykit.errors import CommitError
from entrykit.folders import make_folder
from entrykit.message import Log
from entrykit.roles.nginx_static.account import worker
from entrykit.roles.nginx_static.machine import can_log
from entrykit.roles.nginx_static.settings import NginxSettings

_MOST_NAMED = 5


def prepare(settings: NginxSettings, folder: str, live: bool, log: Log) -> None:
    """Make ready what nginx does not make itself.

    Args:
        settings: LOG_DIR and WWW_ROOT.
        folder: where its pid file will be.
        live: whether nginx will run from there; else nothing is done.
        log: told of each domain without a folder.

    Raises:
        CommitError: the log folder cannot be written.
        OSError: it cannot be made.
    """
    if not live:
        return
    _drop_pid_of_another(f"{folder}/nginx.pid")
    if settings.logs == "per-domain":
        _make_writable(settings.log_dir)
    elif not can_log("/dev/stdout"):
        log.warning(
            "no access log: nginx cannot open /dev/stdout, which belongs to another user or is "
            "a socket; LOGS=per-domain writes files"
        )
    _tell_missing(settings, log)


def _drop_pid_of_another(path: str) -> None:
    """Remove the pid file of a former user's nginx: nginx can only overwrite its own."""
    if os.path.exists(path) and not os.access(path, os.W_OK):
        with suppress(OSError):
            os.unlink(path)


def _make_writable(folder: str) -> None:
    """Give the log folder to the workers: they open its files, as each comes to be needed."""
    make_folder(folder)
    account = worker()
    if account is None:
        if not os.access(folder, os.W_OK | os.X_OK):
            raise CommitError(
                folder,
                f"Permission denied (as uid {os.geteuid()})",
                f"let uid {os.geteuid()} or group {os.getegid()} write to LOG_DIR, {folder}",
            )
    elif os.stat(folder).st_uid != account.uid:
        os.chown(folder, account.uid, account.gid)


def _tell_missing(settings: NginxSettings, log: Log) -> None:
    try:
        there = {entry.name for entry in os.scandir(settings.www_root)}
    except OSError as error:
        log.warning(f"WWW_ROOT: {settings.www_root}: {error.strerror}: every request will get 404")
        return
    missing = [name for name in settings.sites.folders if name not in there]
    for name in missing[:_MOST_NAMED]:
        log.warning(f"no folder {settings.www_root}/{name}: its requests will get 404")
    if rest := missing[_MOST_NAMED:]:
        log.warning(f"no folder for {len(rest)} more domains in {settings.www_root}")
