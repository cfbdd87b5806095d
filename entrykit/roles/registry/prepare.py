"""What the registry needs beside its file: a folder that it can write images to."""

from __future__ import annotations

import os

from entrykit.commit import writing
from entrykit.errors import CommitError
from entrykit.folders import make_folder
from entrykit.message import Log
from entrykit.roles.registry.config import FILESYSTEM
from entrykit.roles.registry.settings import RegistrySettings


def prepare(settings: RegistrySettings, _folder: str, live: bool, log: Log) -> None:
    """Make the folder of the images, and say what stands open.

    Args:
        settings: where images are kept, who is let in.
        live: whether the registry will run here; else nothing is done.
        log: told of what a person may not expect.

    Raises:
        CommitError: the folder cannot be made, or cannot be written.
    """
    if not live:
        return
    if settings.driver == "filesystem":
        _usable(settings)
    if settings.driver == "inmemory":
        log.warning("REGISTRY_STORAGE: inmemory: every image is lost when the registry stops")
    if settings.login == "none" and not settings.extra_kinds("auth"):
        log.info("REGISTRY_AUTH: none: whoever reaches the registry may pull and push")
    debug = settings.registry_http_debug_addr
    if debug and not debug.startswith(("127.", "localhost:", "[::1]:")):
        log.warning(f"REGISTRY_HTTP_DEBUG_ADDR: {debug} shows secrets to whoever reaches it")


def _usable(settings: RegistrySettings) -> None:
    """See that images can be stored: the registry itself finds out at the first push."""
    path = settings.registry_storage_filesystem_rootdirectory or FILESYSTEM
    if settings.registry_storage_maintenance_readonly_enabled:
        return
    with writing(path):
        make_folder(path)
    if not os.access(path, os.W_OK | os.X_OK):
        read_only = os.statvfs(path).f_flag & os.ST_RDONLY
        reason = "Read-only file system" if read_only else "Permission denied"
        raise CommitError(
            path,
            f"{reason} (as uid {os.geteuid()})",
            f"let uid {os.geteuid()} or group {os.getegid()} write there, or set "
            "REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED=on",
        )
