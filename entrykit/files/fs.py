"""Directories, files and links that a kill, a full disk or a pipe in their place cannot break."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from entrykit.errors import CommitError

_WHILE_STAGED: Final = 0o600


class NotRegularFileError(OSError):
    """A pipe, a device or a socket stands where a file should be."""


# Directories


def make_folder(path: str | Path) -> bool:
    """Create a directory and its missing parents.

    Their content decides what a daemon does, so they are never world-writable, whatever the
    umask allows: a container runtime may start with 0.

    Returns:
        Whether it was missing.

    Raises:
        FileExistsError: something else has the name.
        OSError: it cannot be created.
    """
    missing = []
    above = os.fspath(path)
    while above and not os.path.isdir(above):
        missing.append(above)
        above = os.path.dirname(os.path.normpath(above))
    for folder in reversed(missing):
        _make_one(folder)
    return bool(missing)


def _make_one(folder: str) -> None:
    try:
        os.mkdir(folder, 0o755)
    except FileExistsError:
        if not os.path.isdir(folder):  # another start was faster
            raise


def open_to_group(folder: str | Path) -> None:
    """Give the group the permissions that it has in the parent directory.

    The next start may have another uid. Files inside keep their own modes.

    Args:
        folder: one that we have created; left alone if its group is not that of its parent.

    Raises:
        OSError: it does not exist, or belongs to another user.
    """
    own, above = os.stat(folder), os.stat(os.path.join(folder, ".."))
    mode = stat.S_IMODE(own.st_mode)
    if own.st_gid == above.st_gid and above.st_mode & ~mode & stat.S_IRWXG:
        os.chmod(folder, mode | above.st_mode & stat.S_IRWXG)


def require_writable(folder: str) -> None:
    """Check that files can be created in a directory.

    Raises:
        OSError: they cannot; its number tells a read-only file system from a lack of permission.
    """
    if not os.access(folder, os.W_OK | os.X_OK):
        read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
        number = errno.EROFS if read_only else errno.EACCES
        raise OSError(number, os.strerror(number), folder)


def sync_folder(folder: str) -> None:
    """Flush the names in a directory to the disk."""
    descriptor = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# Reading


def open_regular(path: str) -> BinaryIO:
    """Open a file for reading, without waiting for a writer if it is a pipe (fifo(7)).

    Raises:
        NotRegularFileError: it is a pipe, a device (which may have no end) or the like.
        OSError: it does not exist, is a directory, or cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return open(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    raise NotRegularFileError(errno.EINVAL, "not a regular file", path)


def open_live(path: str) -> BinaryIO:
    """Open a file that entrykit writes, for comparison.

    Raises:
        CommitError: a pipe or a device is there; a rename would replace it for all that use it.
        OSError: it does not exist, is a directory, or cannot be read.
    """
    try:
        return open_regular(path)
    except NotRegularFileError:
        reason = "a pipe or a device stands in the place of the file"
        raise CommitError(path, reason, "move it away") from None


def read_file(path: str) -> bytes:
    """Return the content of a file; nothing if it does not exist.

    Raises:
        OSError: it cannot be read, or is not a regular file.
    """
    try:
        with open_regular(path) as file:
            return file.read()
    except FileNotFoundError:
        return b""


# Writing


def create_file(path: str, data: bytes, mode: int) -> None:
    """Write a file that does not exist yet, with its mode from the first moment that it counts.

    Raises:
        FileExistsError: it exists.
        OSError: it cannot be written.
    """
    with _create(path, mode) as file:
        file.write(data)


def write_file(path: str, data: bytes, mode: int, *, shared: bool = False) -> None:
    """Replace a file, or leave it as it is.

    Args:
        path: of the file.
        data: its whole content.
        mode: its permission bits.
        shared: whether several containers may write it at the same time. Each then writes under
            a name of its own, which a kill leaves behind, and the next one writes it anew if the
            power fails; else the file is on the disk when this returns.

    Raises:
        OSError: it cannot be written.
    """
    new = _staged_path(path, shared=shared)
    with suppress(FileNotFoundError):
        os.unlink(new)  # left by a kill
    try:
        with _create(new, mode) as file:
            file.write(data)
        os.rename(new, path)
    except BaseException as error:
        with suppress(OSError):  # a signal may come when it has its name already
            os.unlink(new)
        if isinstance(error, OSError):
            error.filename = error.filename or path  # write(2) knows only a descriptor
        raise
    if not shared:
        sync_folder(os.path.dirname(path))


def link_file(target: str, path: str, *, shared: bool = False) -> bool:
    """Make `path` a symbolic link to `target`, in place of what is there, at every moment whole.

    Args:
        target: what the link contains.
        path: of the link.
        shared: as for `write_file`.

    Returns:
        Whether the link was missing, or another one.

    Raises:
        OSError: it cannot be created, or `path` is a directory.
    """
    if os.path.islink(path) and os.readlink(path) == target:
        return False
    new = _staged_path(path, shared=shared)
    if os.path.islink(new):  # left by a kill
        os.unlink(new)
    os.symlink(target, new)
    try:
        os.rename(new, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(new)
        raise
    if not shared:
        sync_folder(os.path.dirname(path))
    return True


def move_file(old: str, new: str) -> None:
    """Rename something within a file system; one file may take the place of another.

    Raises:
        OSError: it cannot be renamed.
    """
    os.rename(old, new)
    for folder in {os.path.dirname(old), os.path.dirname(new)}:
        sync_folder(folder)


@contextmanager
def _create(path: str, mode: int) -> Iterator[BinaryIO]:
    """Open a new file for writing; flush it to the disk, and give it its mode, at the end."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _WHILE_STAGED)
    with open(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)


def _staged_path(path: str, *, shared: bool) -> str:
    """Return the name of what is not finished, a dotfile: no daemon reads those."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}.{os.urandom(8).hex() if shared else 'entrykit'}")
