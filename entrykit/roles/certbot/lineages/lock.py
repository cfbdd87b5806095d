"""certbot's own lock of its --config-dir."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from entrykit.errors import CommitError


class BusyError(CommitError):
    """Another certbot is at work: it ends by itself, mostly within seconds."""

    def __init__(self, path: str) -> None:
        super().__init__(path, "another certbot is at work", "wait until it has ended")


@contextmanager
def hold_lock(config_dir: str) -> Iterator[None]:
    """Keep every certbot away for the time of a `with` block, as one certbot does another.

    It is a record lock on a file that is removed before it is freed (certbot's lock.py).

    Args:
        config_dir: certbot's --config-dir.

    Raises:
        BusyError: one is at work.
        OSError: the file cannot be made.
    """
    path = os.path.join(config_dir, ".certbot.lock")
    descriptor = None
    while descriptor is None:
        descriptor = _try_lock(path)
    try:
        yield
    finally:
        os.unlink(path)
        os.close(descriptor)


def _try_lock(path: str) -> int | None:
    """Lock the file; None if its owner has removed it meanwhile."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.stat(path), os.fstat(descriptor)):
                return descriptor
    except (BlockingIOError, PermissionError):  # which of them is the system's choice: lockf(3)
        os.close(descriptor)
        raise BusyError(path) from None
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None
