"""Prepare the host for nginx: a directory for logs, and directories to serve."""

from __future__ import annotations

import os
from contextlib import suppress

from entrykit.log import Log
from entrykit.roles.nginx_static.host import can_log
from entrykit.roles.nginx_static.log_folder import open_to_workers
from entrykit.roles.nginx_static.settings import NginxSettings

_MAX_LISTED = 5


def prepare_host(settings: NginxSettings, log: Log) -> None:
    """Prepare what nginx does not create itself.

    Args:
        settings: LOG_DIR, WWW_ROOT, and CONFIG_DIR, where the pid file will be.
        log: gets a warning for each domain without a directory, and each change of an owner.

    Raises:
        CommitError: the log directory cannot be created or written to.
    """
    _remove_foreign_pid(f"{settings.config_dir}/nginx.pid")
    if settings.nginx_logs == "per-domain":
        open_to_workers(settings, log)
    elif not can_log("/dev/stdout"):
        log.warning(
            "no access log: nginx cannot open /dev/stdout, which belongs to another user or is "
            "a socket; NGINX_LOGS=per-domain writes files"
        )
    _warn_of_missing(settings, log)


def _remove_foreign_pid(path: str) -> None:
    """Remove the pid file of another user's nginx: nginx can only overwrite its own."""
    if os.path.exists(path) and not os.access(path, os.W_OK):
        with suppress(OSError):
            os.unlink(path)


def _warn_of_missing(settings: NginxSettings, log: Log) -> None:
    try:
        there = {entry.name for entry in os.scandir(settings.www_root)}
    except OSError as error:
        unlogged = ", most of them without a line in a log" * (settings.nginx_logs == "per-domain")
        reason = f"{error.strerror}: every request will get 404{unlogged}"
        log.warning(f"WWW_ROOT: {settings.www_root}: {reason}")
        return
    missing = [name for name in settings.sites.folders if name not in there]
    for name in missing[:_MAX_LISTED]:
        log.warning(f"no directory {settings.www_root}/{name}: its requests will get 404")
    if rest := missing[_MAX_LISTED:]:
        log.warning(f"no directory for {len(rest)} more domains in {settings.www_root}")
