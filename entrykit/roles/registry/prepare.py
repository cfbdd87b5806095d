"""What the registry needs beside its file: a folder that it can write images to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from entrykit.display import shown
from entrykit.errors import CommitError
from entrykit.files.fs import make_folder
from entrykit.files.transaction import writing
from entrykit.log import Log
from entrykit.roles.registry.config import FILESYSTEM
from entrykit.roles.registry.settings import RegistrySettings
from entrykit.roles.registry.variables.sensitive import at

_FEW: Final = 16  # characters of a secret that is tried out sooner or later
# Where images lie below the folder: they may be of another user, who has run a registry before.
_PLACES: Final = ("docker/registry/v2/blobs", "docker/registry/v2/repositories")
_HERE: Final = ("127.", "localhost:", "[::1]:")


def prepare(settings: RegistrySettings, _folder: str, live: bool, log: Log) -> None:
    """Say what a person may not expect, and make the folder of the images.

    Args:
        settings: where images are kept, who is let in.
        live: whether the registry will run here; else nothing is made.
        log: told of what stands open, and of what will not last.

    Raises:
        CommitError: the folder cannot be made, or cannot be written.
    """
    for warning in (*_surprises(settings), *dates(settings)):
        log.warning(warning)
    if settings.login == "none" and not settings.extra_kinds("auth"):
        log.info("REGISTRY_AUTH: none: whoever reaches the registry may pull and push")
    if live and settings.driver == "filesystem":
        _usable(settings)


def _surprises(settings: RegistrySettings) -> Iterator[str]:
    if settings.driver == "inmemory":
        yield "REGISTRY_STORAGE: inmemory: every image is lost when the registry stops"
    secret, extra = settings.registry_http_secret, at(settings.extra, "http", "debug", "addr")
    name = "REGISTRY_EXTRA_YAML" if extra else "REGISTRY_HTTP_DEBUG_ADDR"
    debug = str(extra or settings.registry_http_debug_addr or _HERE[0])
    if not debug.startswith(_HERE):
        yield f"{name}: {shown(debug)} shows secrets to whoever reaches it"
    if secret and len(secret.reveal()) < _FEW:
        yield "REGISTRY_HTTP_SECRET: so short that it can be guessed (`openssl rand -hex 32`)"


def _usable(settings: RegistrySettings) -> None:
    """See that images can be stored: the registry itself finds out at the first push."""
    path = settings.registry_storage_filesystem_rootdirectory or FILESYSTEM
    if settings.registry_storage_maintenance_readonly_enabled:
        return
    with writing(path):
        make_folder(path)
    for folder in dict.fromkeys(_deepest(f"{path}/{name}") for name in _PLACES):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise CommitError(folder, *_refusal(folder))


def _deepest(path: str) -> str:
    """Return the folder itself, or the one above in which it would be made."""
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    return path


def _refusal(folder: str) -> tuple[str, str]:
    read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
    reason = "Read-only file system" if read_only else "Permission denied"
    users = f"uid {os.geteuid()} or group {os.getegid()}"
    otherwise = "set REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED=on"
    return f"{reason} (as uid {os.geteuid()})", f"let {users} write there and below, or {otherwise}"


_OURS: Final = ("registry_http_tls_certificate", "registry_redis_tls_certificate")


_LARGEST: Final = 1 << 20


def dates(settings: RegistrySettings) -> Iterator[str]:
    """Yield a warning for each certificate of ours that has expired, or is not valid yet.

    One that cannot be read is a fault, which is told elsewhere; or it is not there, where files
    are only rendered.
    """
    for field in _OURS:
        path = getattr(settings, field)
        if path and os.path.isfile(path) and (reason := _untimely(path)):
            yield f"{field.upper()}: {path}: {reason}"


def _untimely(path: str) -> str | None:
    import time

    from entrykit.tls import pem, x509

    try:
        with open(path, "rb") as file:
            begin, end = x509.validity(pem.leaf(file.read(_LARGEST)))
    except (OSError, ValueError):
        return None
    if begin <= (now := time.time()) <= end:
        return None
    word, moment = ("expired on", end) if end < now else ("not valid before", begin)
    return f"{word} {time.strftime('%Y-%m-%d %H:%M', time.gmtime(moment))} UTC"
