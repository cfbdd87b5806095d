"""Changes to files that are whole at every moment, and on the disk once they are made."""

from __future__ import annotations

import os
from contextlib import suppress


def write(path: str, data: bytes, mode: int) -> None:
    """Make a file hold something, or leave what is there as it is.

    Only one process may write a file at a time: what an earlier one has left half-written
    is written over.

    Args:
        path: of the file.
        data: all that it is to hold.
        mode: its permission bits.

    Raises:
        OSError: it cannot be written.
    """
    new = _beside(path)
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.rename(new, path)
    except BaseException as error:
        with suppress(OSError):
            os.unlink(new)
        if isinstance(error, OSError):
            error.filename = error.filename or path  # write(2) knows only a descriptor
        raise
    sync(os.path.dirname(path))


def link(target: str, path: str) -> None:
    """Make a symbolic link to `target`, in place of what is there.

    Raises:
        OSError: it cannot be made.
    """
    new = _beside(path)
    with suppress(FileNotFoundError):
        os.unlink(new)
    os.symlink(target, new)
    os.rename(new, path)
    sync(os.path.dirname(path))


def move(old: str, new: str) -> None:
    """Rename something within a file system; one file may take the place of another.

    Raises:
        OSError: it cannot be renamed.
    """
    os.rename(old, new)
    for folder in {os.path.dirname(old), os.path.dirname(new)}:
        sync(folder)


def sync(folder: str) -> None:
    """See what a folder names safely on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _beside(path: str) -> str:
    """Return the name of what is not finished: nobody takes a dotfile for a renewal conf."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}.entrykit")
