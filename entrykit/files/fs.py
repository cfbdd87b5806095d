"""Folders that are made where a variable names one that is not there yet."""

from __future__ import annotations

import errno
import os
import re
import stat
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import BinaryIO, Final

from entrykit.errors import CommitError


def make_folder(path: str | Path) -> bool:
    """Make a folder, and those above it as far as they are missing.

    What lies in it decides what a daemon does, so none can be written by everybody,
    whatever the umask allows: a container runtime may well start with 0.

    Returns:
        Whether it was not there.

    Raises:
        FileExistsError: something else has the name.
        OSError: it cannot be made.
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


_WORLD_READABLE: Final = 0o644


def read_published(path: str) -> bytes:
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


def publish_file(path: str, data: bytes) -> None:
    """Make a file hold something, at once; several containers may do so at the same time.

    Raises:
        OSError: it cannot be written; what was there is there still.
    """
    folder, name = os.path.split(path)
    new = os.path.join(folder, f".{name}.{os.urandom(8).hex()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _WORLD_READABLE)
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, _WORLD_READABLE)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        os.rename(new, path)
    except BaseException:
        with suppress(FileNotFoundError):  # a signal may come when it has its name already
            os.unlink(new)
        raise


def write_file(path: str, data: bytes, mode: int) -> None:
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
    new = _make_temporary_path(path)
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
    sync_folder(os.path.dirname(path))


def link_file(target: str, path: str) -> None:
    """Make a symbolic link to `target`, in place of what is there.

    Raises:
        OSError: it cannot be made.
    """
    new = _make_temporary_path(path)
    with suppress(FileNotFoundError):
        os.unlink(new)
    os.symlink(target, new)
    os.rename(new, path)
    sync_folder(os.path.dirname(path))


def move_file(old: str, new: str) -> None:
    """Rename something within a file system; one file may take the place of another.

    Raises:
        OSError: it cannot be renamed.
    """
    os.rename(old, new)
    for folder in {os.path.dirname(old), os.path.dirname(new)}:
        sync_folder(folder)


def sync_folder(folder: str) -> None:
    """See what a folder names safely on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_temporary_path(path: str) -> str:
    """Return the name of what is not finished: nobody takes a dotfile for a renewal conf."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}.entrykit")


def open_to_group(folder: str | Path) -> None:
    """Let the group do in a folder of ours what it may do in the one above.

    The uid may be another one at the next start. Files inside keep modes of their own.

    Args:
        folder: one that we have made; one of another group than the one above stays as it is.

    Raises:
        OSError: it is not there, or not ours.
    """
    own, above = os.stat(folder), os.stat(os.path.join(folder, ".."))
    mode = stat.S_IMODE(own.st_mode)
    if own.st_gid == above.st_gid and above.st_mode & ~mode & stat.S_IRWXG:
        os.chmod(folder, mode | above.st_mode & stat.S_IRWXG)


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


def mount_points() -> set[str]:
    """Return the places where something is mounted (proc_pid_mountinfo(5), field 5)."""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as table:
            return {_unescape(line.split(" ")[4]) for line in table}
    except OSError:
        return set()


def _unescape(path: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), path)


def write_in_place(new: str, live: str) -> None:
    """Copy the content and the mode of `new` into `live`, whose inode stays.

    Raises:
        OSError: it cannot be written; what it held is put back.
    """
    with open(new, "rb") as source, open(live, "r+b", buffering=0) as target:
        old = target.read()
        try:
            _overwrite(target, source.read())
        except OSError:
            with suppress(OSError):  # its blocks are still there: a full disk takes it back
                _overwrite(target, old)
            raise
        with suppress(PermissionError):  # the mode of somebody else's file is theirs
            os.fchmod(target.fileno(), stat.S_IMODE(os.fstat(source.fileno()).st_mode))
        os.fsync(target.fileno())


def _overwrite(target: FileIO, data: bytes) -> None:
    target.seek(0)
    rest = memoryview(data)
    while rest:
        rest = rest[target.write(rest) :]
    target.truncate(len(data))
