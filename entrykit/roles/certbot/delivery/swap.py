"""Have a running HAProxy present what CERTS_DIR has, with no reload.

Whatever is done here is done by comparing, so it can be broken off anywhere and
begun again. In this order no request is answered with a wrong 421: a name is in
HAProxy's map before its certificate is presented, and leaves it afterwards.
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
_TOO_LARGE: Final = f"larger than the {_MAX_BYTES >> 10} KiB that its admin socket takes"

_NOT_PRESENTED: Final = "HAProxy still presents another certificate, or none"

_ATTEMPTS: Final = 3
_PAUSE: Final = 0.05
_RETURN_TIMEOUT: Final = 3.0  # seconds for a HAProxy to come back that went away in the middle
_RELOAD_TIMEOUT: Final = (
    10.0  # seconds until a new worker presents; with 10,000 certificates it took 7
)


@dataclass(frozen=True, slots=True)
class SwapTarget:
    """What a running HAProxy is to have.

    Attributes:
        files: the certificates to be presented; others are left as they are.
        leaving: names of files that are to be presented no longer.
        groups: the whole map of names, as on the disk.
    """

    files: tuple[PemFile, ...]
    leaving: Collection[str]
    groups: Mapping[str, str]


@dataclass(slots=True)
class SwapResult:
    """What became of it.

    Attributes:
        presented: the files whose certificates HAProxy presents since now.
        faults: why HAProxy has not what it should, or has what it should not, by file.
    """

    presented: list[str] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)


def swap(socket: AdminSocket, wanted: SwapTarget, reload: Callable[[], None] | None) -> SwapResult:
    """Bring HAProxy up to what is wanted.

    Args:
        socket: HAProxy's admin socket.
        wanted: what it is to have.
        reload: makes HAProxy read the disk, for what the socket cannot do; raises an
            error of this package's or an OSError. None where there is no way.

    Raises:
        UnreachableError: HAProxy does not answer, or went away and did not come back in time.
        RefusedError: it is not configured as entrykit's haproxy role does it.
    """
    socket.listed()  # for one that is not there at first nobody waits
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
        result.faults = _reload(socket, large, reload)
    listed = _list_names(socket)
    for file in _find_stale(socket, stale) if large else stale:
        if file not in large:
            _present(socket, file, listed, result)
    left = [file.name for file in _find_stale(socket, stale)]
    result.faults = {name: result.faults.get(name, _NOT_PRESENTED) for name in left}
    result.presented = [file.name for file in stale if file.name not in result.faults]
    _drop(socket, wanted.leaving, result)
    _delete_names(socket, wanted, result)
    return result


def _find_stale(socket: AdminSocket, files: Iterable[PemFile]) -> list[PemFile]:
    """Find what HAProxy does not present as it should."""
    listed = _list_names(socket)
    return [file for file in files if file.name not in listed or not _is_loaded(socket, file)]


def _is_loaded(socket: AdminSocket, file: PemFile) -> bool:
    fingerprint = socket.fingerprint(file.name)
    if fingerprint is None:
        return socket.serial(file.name) == file.serial
    return fingerprint == file.fingerprint


def _list_names(socket: AdminSocket) -> set[str]:
    return {name for name, _ in socket.listed()}


def _present(socket: AdminSocket, file: PemFile, listed: set[str], result: SwapResult) -> None:
    try:
        socket.put(file.name, file.pem)
        if file.name not in listed:
            socket.add_to_crt_list(file.name)
    except RefusedError as words:
        result.faults[file.name] = f"HAProxy refuses it: {words}"


def _find_too_large(socket: AdminSocket, files: Sequence[PemFile]) -> list[PemFile]:
    large = [file for file in files if len(file.pem) > _MAX_BYTES]
    return large if large and socket.version() < _LARGER_SINCE else []


def _reload(
    socket: AdminSocket, files: list[PemFile], reload: Callable[[], None] | None
) -> dict[str, str]:
    """Have HAProxy read from the disk what its socket does not take; say what that did not do."""
    words = ""
    if reload:
        try:
            reload()
            if _wait_until(_RELOAD_TIMEOUT, lambda: not _find_stale(socket, files)):
                return {}
            words = ", and a reload has not changed what it presents"
        except (RefusedError, UnreachableError, OSError) as error:
            words = f", and a reload has failed: {error}"
    return {file.name: f"{_TOO_LARGE}{words}; its next start serves it" for file in files}


def _drop(socket: AdminSocket, leaving: Collection[str], result: SwapResult) -> None:
    for name in sorted(leaving):
        try:
            socket.drop(name)
        except RefusedError as words:
            result.faults[name] = f"HAProxy keeps presenting it: {words}"


def _add_names(socket: AdminSocket, groups: Mapping[str, str]) -> None:
    names = NamesMap(socket)
    live = names.groups()
    names.add({name: group for name, group in groups.items() if name not in live})
    for name, group in groups.items():
        if live.get(name, group) != group:
            names.set(name, group)


def _delete_names(socket: AdminSocket, wanted: SwapTarget, result: SwapResult) -> None:
    """Forget the names of what has changed or is gone; somebody else's certificates keep theirs."""
    changed = {*wanted.leaving, *(file.name for file in wanted.files)} - set(result.faults)
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
