"""certbot's own lock of its --config-dir."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from entrykit.errors import CommitError


class BusyError(CommitError):
    """Another certbot is running: it ends by itself, usually within seconds."""

    def __init__(self, path: str) -> None:
        super().__init__(path, "another certbot is running", "wait until it has ended")


@contextmanager
def hold_lock(config_dir: str) -> Iterator[None]:
    """Hold certbot's lock for a `with` block, so that no certbot runs meanwhile.

    It is a record lock on a file that is removed before the lock is released, as in
    certbot's lock.py.

    Args:
        config_dir: certbot's --config-dir.

    Raises:
        BusyError: a certbot is running.
        OSError: the file cannot be created.
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
    """Lock the file; return None if its owner has removed it meanwhile."""
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
