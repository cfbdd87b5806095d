"""Prepare the host for the registry: a directory for images that it can write to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from entrykit.display import display
from entrykit.errors import CommitError
from entrykit.files.fs import make_folder
from entrykit.files.transaction import wrap_os_errors
from entrykit.log import Log
from entrykit.roles.registry.config import DEFAULT_ROOT
from entrykit.roles.registry.settings import RegistrySettings
from entrykit.roles.registry.variables.sensitive import get_nested

_MIN_SECRET_LENGTH: Final = 16  # a shorter secret can be found by brute force
# Where images are below the root directory: an earlier registry may have run as another user.
_IMAGE_FOLDERS: Final = ("docker/registry/v2/blobs", "docker/registry/v2/repositories")
_LOOPBACK: Final = ("127.", "localhost:", "[::1]:")


def stage(settings: RegistrySettings, _folder: str, log: Log) -> None:
    """Warn of surprising settings, e.g. an open debug server or storage in memory.

    Args:
        settings: the variables.
        log: receives the warnings.
    """
    for warning in (*_find_surprises(settings), *check_dates(settings)):
        log.warning(warning)
    if settings.login == "none" and not settings.extra_kinds("auth"):
        log.info("REGISTRY_AUTH: none: every client can pull and push")


def prepare_host(settings: RegistrySettings, log: Log) -> None:
    """Warn of surprising settings, and create the directory of the images.

    Raises:
        CommitError: the directory cannot be created or written to.
    """
    stage(settings, settings.config_dir, log)
    if settings.driver == "filesystem":
        _make_writable(settings)


def _find_surprises(settings: RegistrySettings) -> Iterator[str]:
    if settings.driver == "inmemory":
        yield "REGISTRY_STORAGE: inmemory: all images are lost when the registry stops"
    secret, extra = (
        settings.registry_http_secret,
        get_nested(settings.extra, "http", "debug", "addr"),
    )
    name = "REGISTRY_EXTRA_YAML" if extra else "REGISTRY_HTTP_DEBUG_ADDR"
    debug = str(extra or settings.registry_http_debug_addr or _LOOPBACK[0])
    if not debug.startswith(_LOOPBACK):
        yield f"{name}: {display(debug)} shows secrets to every client"
    if secret and len(secret.reveal()) < _MIN_SECRET_LENGTH:
        yield "REGISTRY_HTTP_SECRET: short enough to be guessed (`openssl rand -hex 32` prints one)"


def _make_writable(settings: RegistrySettings) -> None:
    """Check that images can be stored: the registry itself would fail at the first push."""
    path = settings.registry_storage_filesystem_rootdirectory or DEFAULT_ROOT
    if settings.registry_storage_maintenance_readonly_enabled:
        return
    with wrap_os_errors(path):
        make_folder(path)
    for folder in dict.fromkeys(_nearest_existing(f"{path}/{name}") for name in _IMAGE_FOLDERS):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise CommitError(folder, *_explain_refusal(folder))


def _nearest_existing(path: str) -> str:
    """Return the directory itself, or the closest parent that exists."""
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    return path


def _explain_refusal(folder: str) -> tuple[str, str]:
    read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
    reason = "Read-only file system" if read_only else "Permission denied"
    users = f"uid {os.geteuid()} or group {os.getegid()}"
    otherwise = "set REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED=on"
    return f"{reason} (as uid {os.geteuid()})", f"let {users} write there and below, or {otherwise}"


_CERTIFICATES: Final = ("registry_http_tls_certificate", "registry_redis_tls_certificate")


_MAX_BYTES: Final = 1 << 20


def check_dates(settings: RegistrySettings) -> Iterator[str]:
    """Yield a warning for each certificate that has expired or is not valid yet.

    A certificate that cannot be read is an error, which `check_files` reports.
    """
    for field in _CERTIFICATES:
        path = getattr(settings, field)
        if path and os.path.isfile(path) and (reason := _check_validity(path)):
            yield f"{field.upper()}: {path}: {reason}"


def _check_validity(path: str) -> str | None:
    import time

    from entrykit.tls import pem, x509

    try:
        with open(path, "rb") as file:
            begin, end = x509.validity(pem.leaf(file.read(_MAX_BYTES)))
    except (OSError, ValueError):
        return None
    if begin <= (now := time.time()) <= end:
        return None
    word, moment = ("expired on", end) if end < now else ("not valid before", begin)
    return f"{word} {time.strftime('%Y-%m-%d %H:%M', time.gmtime(moment))} UTC"
