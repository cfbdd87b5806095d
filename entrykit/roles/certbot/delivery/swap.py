"""Make a running HAProxy serve what is in CERTS_DIR, without a reload.

Each step compares first, so the whole may be interrupted anywhere and begun again. The
order avoids a wrong 421: a name is added to HAProxy's map before its certificate is
served, and removed from it afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from entrykit.roles.certbot.delivery.admin_socket import AdminSocket, RefusedError, UnreachableError
from entrykit.roles.certbot.delivery.names_map import NamesMap
from entrykit.roles.certbot.delivery.pem_file import PemFile

# Before 3.4 a command with its payload has 16 KiB; a longer one made a worker of 3.2.0 abort.
_MAX_BYTES: Final = 15 << 10
_LARGER_SINCE: Final = (3, 4)
_TOO_LARGE: Final = f"larger than the {_MAX_BYTES >> 10} KiB that HAProxy's admin socket takes"

_NOT_SERVED: Final = "HAProxy still serves another certificate, or none"

_ATTEMPTS: Final = 3
_PAUSE: Final = 0.05
_RETURN_TIMEOUT: Final = 3.0  # seconds for HAProxy to come back if it went away in the middle
_RELOAD_TIMEOUT: Final = (
    10.0  # seconds until a new worker serves; with 10,000 certificates it took 7
)


@dataclass(frozen=True, slots=True)
class SwapTarget:
    """What a running HAProxy should have.

    Attributes:
        files: the certificates that it should serve; others are left as they are.
        leaving: the files that it should no longer serve, by name.
        groups: the whole map of names, as on the disk.
    """

    files: tuple[PemFile, ...]
    leaving: Collection[str]
    groups: Mapping[str, str]


@dataclass(slots=True)
class SwapResult:
    """What was done, and what failed.

    Attributes:
        presented: the files that HAProxy serves since now.
        errors: why HAProxy does not serve a file, or still does, by its name.
    """

    presented: list[str] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)


def swap(socket: AdminSocket, wanted: SwapTarget, reload: Callable[[], None] | None) -> SwapResult:
    """Make HAProxy serve what is wanted.

    Args:
        socket: HAProxy's admin socket.
        wanted: what it should have.
        reload: reloads HAProxy from the disk, for what the socket cannot do; raises
            RefusedError, UnreachableError or OSError. None if there is no way to reload.

    Raises:
        UnreachableError: HAProxy does not answer, or went away and did not come back in time.
        RefusedError: it is not configured as entrykit's haproxy role does it.
    """
    socket.crt_list_entries()  # fail at once if HAProxy is not up yet
    for _ in range(_ATTEMPTS - 1):
        try:
            return _swap(socket, wanted, reload)
        except UnreachableError:
            if not _wait_until(_RETURN_TIMEOUT, lambda: socket.version() > (0, 0)):
                raise
    return _swap(socket, wanted, reload)


def _swap(socket: AdminSocket, wanted: SwapTarget, reload: Callable[[], None] | None) -> SwapResult:
    result = SwapResult()
    _add_names(socket, wanted.groups)
    stale = _find_stale(socket, wanted.files)
    if large := _find_too_large(socket, stale):
        result.errors = _reload(socket, large, reload)
    listed = _list_names(socket)
    for file in _find_stale(socket, stale) if large else stale:
        if file not in large:
            _present(socket, file, listed, result)
    left = [file.name for file in _find_stale(socket, stale)]
    result.errors = {name: result.errors.get(name, _NOT_SERVED) for name in left}
    result.presented = [file.name for file in stale if file.name not in result.errors]
    _drop(socket, wanted.leaving, result)
    _delete_names(socket, wanted, result)
    return result


def _find_stale(socket: AdminSocket, files: Iterable[PemFile]) -> list[PemFile]:
    """Find the files that HAProxy does not serve as they are on the disk."""
    listed = _list_names(socket)
    return [file for file in files if file.name not in listed or not _is_loaded(socket, file)]


def _is_loaded(socket: AdminSocket, file: PemFile) -> bool:
    fingerprint = socket.fingerprint(file.name)
    if fingerprint is None:
        return socket.serial(file.name) == file.serial
    return fingerprint == file.fingerprint


def _list_names(socket: AdminSocket) -> set[str]:
    return {name for name, _ in socket.crt_list_entries()}


def _present(socket: AdminSocket, file: PemFile, listed: set[str], result: SwapResult) -> None:
    try:
        socket.put(file.name, file.pem)
        if file.name not in listed:
            socket.add_to_crt_list(file.name)
    except RefusedError as error:
        result.errors[file.name] = f"HAProxy refuses it: {error}"


def _find_too_large(socket: AdminSocket, files: Sequence[PemFile]) -> list[PemFile]:
    large = [file for file in files if len(file.pem) > _MAX_BYTES]
    return large if large and socket.version() < _LARGER_SINCE else []


def _reload(
    socket: AdminSocket, files: list[PemFile], reload: Callable[[], None] | None
) -> dict[str, str]:
    """Reload HAProxy for the files that its socket does not take; return the errors by file."""
    problem = ""
    if reload:
        try:
            reload()
            if _wait_until(_RELOAD_TIMEOUT, lambda: not _find_stale(socket, files)):
                return {}
            problem = ", and it does not serve it after a reload"
        except (RefusedError, UnreachableError, OSError) as error:
            problem = f", and the reload failed: {error}"
    return {file.name: f"{_TOO_LARGE}{problem}; its next start will serve it" for file in files}


def _drop(socket: AdminSocket, leaving: Collection[str], result: SwapResult) -> None:
    for name in sorted(leaving):
        try:
            socket.drop(name)
        except RefusedError as error:
            result.errors[name] = f"HAProxy still serves it: {error}"


def _add_names(socket: AdminSocket, groups: Mapping[str, str]) -> None:
    names = NamesMap(socket)
    live = names.groups()
    names.add({name: group for name, group in groups.items() if name not in live})
    for name, group in groups.items():
        if live.get(name, group) != group:
            names.set(name, group)


def _delete_names(socket: AdminSocket, wanted: SwapTarget, result: SwapResult) -> None:
    """Remove the names that changed files no longer have; those of external files stay."""
    changed = {*wanted.leaving, *(file.name for file in wanted.files)} - set(result.errors)
    loaded, names = socket.certificates(), NamesMap(socket)
    for name, group in names.groups().items():
        if name not in wanted.groups and (group in changed or group not in loaded):
            names.delete(name)


def _wait_until(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if condition():
                return True
        except UnreachableError:
            pass
        time.sleep(_PAUSE)
    return False
