"""One lineage as a PEM file that only HAProxy can read."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from entrykit.errors import CommitError
from entrykit.files.config_file import MARK
from entrykit.files.fs import open_live
from entrykit.tls import pem, x509

ENDING: Final = ".pem"

# Names that need no quotes in HAProxy's commands, and are neither hidden nor paths.
_NAME: Final = re.compile(r"[A-Za-z0-9_+][A-Za-z0-9._+-]{0,200}")
_STAGED_NAME: Final = re.compile(r"\..+\.pem\.[0-9a-f]{16}")

_FOR_GROUP: Final = 0o640
_FOR_OWNER: Final = 0o600


@dataclass(frozen=True, slots=True)
class PemFile:
    """The content of one file of CERTS_DIR.

    Attributes:
        name: of the file, without its directory.
        pem: chain and key, without empty lines: as HAProxy's admin socket takes it.
    """

    name: str
    pem: bytes

    @property
    def data(self) -> bytes:
        """The bytes that go to the disk."""
        lineage = self.name.removesuffix(ENDING)
        return f"{MARK} from certbot's {lineage}: replaced at every renewal.\n".encode() + self.pem

    @property
    def fingerprint(self) -> str:
        """The SHA-1 of its certificate, as HAProxy prints it."""
        import hashlib

        sha1 = hashlib.sha1(pem.leaf(self.pem), usedforsecurity=False)
        return sha1.hexdigest().upper()

    @property
    def serial(self) -> int:
        """The serial number of its certificate."""
        return x509.serial(pem.leaf(self.pem))


def read_lineage(config_dir: str, name: str) -> PemFile | None:
    """Read a lineage from certbot's directory; None if it does not exist.

    Args:
        config_dir: certbot's --config-dir.
        name: of the lineage.

    Raises:
        pem.InvalidPem: it cannot be delivered.
        OSError: it cannot be read.
    """
    folder = os.path.join(config_dir, "live", name)
    try:
        parts = [
            _read_lines(os.path.join(folder, f"{part}.pem")) for part in ("fullchain", "privkey")
        ]
    except FileNotFoundError:
        return None
    if not _NAME.fullmatch(name):
        raise pem.InvalidPem(
            "its name cannot be that of a file in CERTS_DIR (expected letters, digits, . _ + -)"
        )
    return PemFile(name + ENDING, b"".join(line + b"\n" for lines in parts for line in lines))


def read_pem_file(folder: str, name: str) -> PemFile:
    """Read a file of CERTS_DIR, external ones included, as HAProxy's admin socket takes it.

    Args:
        folder: CERTS_DIR.
        name: of a file in it; a key may lie beside it, as `NAME.key`.

    Raises:
        pem.InvalidPem: its name cannot be used in a command, or it is incomplete.
        OSError: it cannot be read.
    """
    if not _NAME.fullmatch(name):
        raise pem.InvalidPem(
            "its name cannot be used in a command to HAProxy (expected letters, digits, . _ + -); "
            "HAProxy will serve it after its next start"
        )
    path = os.path.join(folder, name)
    lines = _read_lines(path)
    with suppress(FileNotFoundError):
        lines += _read_lines(f"{path}.key")  # of two keys, the first one counts
    data = b"".join(line + b"\n" for line in lines)
    pem.read_certificate(data)
    return PemFile(name, data)


def _read_lines(path: str) -> list[bytes]:
    with open(path, "rb") as file:
        return [line for line in file.read().splitlines() if line.strip()]


def list_delivered(folder: str) -> set[str]:
    """Return the names of the PEM files in a directory that a delivery has written."""
    names = (name for name in os.listdir(folder) if name.endswith(ENDING) and name[0] != ".")
    return {name for name in names if _is_delivered(os.path.join(folder, name))}


def sweep(folder: str) -> None:
    """Remove what a killed delivery has left; no other delivery may be running."""
    for name in os.listdir(folder):
        if _STAGED_NAME.fullmatch(name):
            os.unlink(os.path.join(folder, name))


def write(folder: str, file: PemFile, group: int | None, begin: Callable[[], None]) -> bool:
    """Write a PEM file atomically, and never readable by others.

    A file that is up to date is not touched.

    Args:
        folder: CERTS_DIR.
        file: its name and content.
        group: the gid that may read it besides its owner; None for none.
        begin: called when everything is ready, before anything changes.

    Returns:
        Whether it was written.

    Raises:
        CommitError: a file that entrykit did not write has this name.
        pem.InvalidPem: HAProxy could not serve it; the old file stays.
        OSError: it cannot be written; the old file stays.
    """
    path = os.path.join(folder, file.name)
    _refuse_foreign(path)
    if _is_up_to_date(path, file.data, group):
        return False
    with _stage(folder, file) as (staged, descriptor):
        if pem.read(staged) is None:
            raise pem.InvalidPem("no certificate in PEM format")
        _permit(descriptor, group)
        os.fsync(descriptor)
        begin()
        os.rename(staged, path)
    return True


def _refuse_foreign(path: str) -> None:
    if os.path.lexists(path) and not _is_delivered(path):
        raise CommitError(
            path,
            "entrykit did not write this file and leaves it alone",
            "move it away, or give the app of that certificate another name",
        )


def _is_delivered(path: str) -> bool:
    with suppress(OSError, CommitError), open_live(path) as file:
        return file.read(len(MARK)) == MARK.encode()
    return False


def _is_up_to_date(path: str, data: bytes, group: int | None) -> bool:
    """Whether a file is up to date; retries to set its group if that failed before."""
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            if _is_too_permissive(status, group) or file.read() != data:
                return False
            if group is not None and not status.st_mode & stat.S_IRGRP:
                with suppress(PermissionError):  # its owner is another user
                    _permit(file.fileno(), group)
    except FileNotFoundError:
        return False
    return True


def _is_too_permissive(status: os.stat_result, group: int | None) -> bool:
    """Whether a file can be used by others than its owner and that group."""
    mode = stat.S_IMODE(status.st_mode)
    return bool(mode & ~_FOR_GROUP) or (mode != _FOR_OWNER and status.st_gid != group)


@contextmanager
def _stage(folder: str, file: PemFile) -> Iterator[tuple[str, int]]:
    """Write a file under a temporary name, readable only by its owner."""
    path = os.path.join(folder, f".{file.name}.{os.urandom(8).hex()}")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FOR_OWNER)
    try:
        with open(descriptor, "wb") as target:
            target.write(file.data)
            target.flush()
            yield path, descriptor
    except BaseException:
        with suppress(FileNotFoundError):  # a signal may come when it has its name already
            os.unlink(path)
        raise


def _permit(descriptor: int, group: int | None) -> None:
    """Let a group read a file; only its owner if this process cannot set the group."""
    with suppress(OSError):
        os.fchown(descriptor, -1, -1 if group is None else group)
    given = group is not None and os.fstat(descriptor).st_gid == group
    os.fchmod(descriptor, _FOR_GROUP if given else _FOR_OWNER)
