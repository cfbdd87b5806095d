"""A file for everybody to read, in a folder that containers share."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from typing import Final

_FOR_ALL: Final = 0o644


def held(path: str) -> bytes:
    """Return what such a file holds; nothing if it is not there.

    Raises:
        OSError: it cannot be read, or is a device or a pipe, as /dev/stdout is: one may never
            end, and a rename would replace it for all that runs here.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return b""
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        return file.read()


def publish(path: str, data: bytes) -> None:
    """Make a file hold something, at once; several containers may do so at the same time.

    Raises:
        OSError: it cannot be written; what was there is there still.
    """
    folder, name = os.path.split(path)
    new = os.path.join(folder, f".{name}.{os.urandom(8).hex()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FOR_ALL)
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, _FOR_ALL)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        os.rename(new, path)
    except BaseException:
        with suppress(FileNotFoundError):  # a signal may come when it has its name already
            os.unlink(new)
        raise
