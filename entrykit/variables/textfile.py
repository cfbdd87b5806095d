"""The text of a file that a variable or an option names, read without waiting in vain."""

from __future__ import annotations

import os
import stat
from io import FileIO
from typing import Final

from entrykit.display import display

_DEV_NULL: Final = os.makedev(1, 3)  # /dev/null (Linux, admin-guide/devices.txt)
_CHUNK: Final = 1 << 16


class UnreadableError(ValueError):
    """A text cannot be read.

    Args:
        path: of the file.
        reason: why.
    """

    def __init__(self, path: str, reason: str) -> None:
        self.reason = reason
        super().__init__(f"{display(path)}: {reason}")


def read_text(path: str) -> str:
    """Read a file to its end, or a pipe that is written to, as in `X_FILE=<(command)`.

    Of a pipe that no process has opened for writing, open(2) would not return; and a device may
    have no end.

    Returns:
        All of it, without the byte order mark that editors of other systems begin a text with.

    Raises:
        UnreadableError: it cannot be read, is not UTF-8, or is neither a file nor a pipe.
    """
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as file:
            return _read_octets(file).decode("utf-8-sig")
    except UnicodeDecodeError:
        reason = "not valid UTF-8"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
    raise UnreadableError(path, reason)


def _read_octets(file: FileIO) -> bytes:
    found = os.fstat(file.fileno())
    piped = stat.S_ISFIFO(found.st_mode)
    if not piped and not stat.S_ISREG(found.st_mode) and found.st_rdev != _DEV_NULL:
        raise ValueError("neither a file nor a pipe")
    begun = file.read(_CHUNK)  # nothing (None) is there yet, or nothing (b"") is to come: pipe(7)
    if piped and begun == b"":
        raise ValueError("a pipe without a writer")
    os.set_blocking(file.fileno(), True)
    return (begun or b"") + file.readall()
