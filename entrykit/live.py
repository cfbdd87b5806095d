"""Files as they stand on the disk now, whoever wrote them."""

from __future__ import annotations

import errno
import os
import stat
from typing import BinaryIO

from entrykit.errors import CommitError


def open_live(path: str) -> BinaryIO:
    """Open a file for reading; of a pipe that nobody writes to, open(2) would never return.

    Raises:
        OSError: it is not there, a folder, or cannot be read.
        CommitError: it is a pipe, a device or the like.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return open(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    raise CommitError(path, "a pipe or a device stands in the place of the file", "move it away")
