"""Files that are mounts of their own: they cannot be replaced by a rename."""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from io import FileIO


def mount_points() -> set[str]:
    """Return the paths where something is mounted (proc_pid_mountinfo(5), field 5)."""
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
        OSError: it cannot be written; its former content is restored.
    """
    with open(new, "rb") as source, open(live, "r+b", buffering=0) as target:
        old = target.read()
        try:
            _overwrite(target, source.read())
        except OSError:
            with suppress(OSError):  # its blocks are still there: a full disk takes it back
                _overwrite(target, old)
            raise
        with suppress(PermissionError):  # only the owner may set the mode
            os.fchmod(target.fileno(), stat.S_IMODE(os.fstat(source.fileno()).st_mode))
        os.fsync(target.fileno())


def _overwrite(target: FileIO, data: bytes) -> None:
    target.seek(0)
    rest = memoryview(data)
    while rest:
        rest = rest[target.write(rest) :]
    target.truncate(len(data))
