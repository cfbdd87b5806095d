"""Which files on the disk are entrykit's, and may therefore be replaced."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from entrykit.errors import CommitError
from entrykit.files.checksums import is_listed
from entrykit.files.config_file import MARK, MARKS, ConfigFile
from entrykit.files.fs import open_live

_OVERWRITE_TIP: Final = "move it away, or set ENTRYKIT_OVERWRITE=1 to have it replaced"
_FOREIGN: Final = "entrykit did not write this file and leaves it alone"
_CHANGED: Final = "entrykit did not write this file, or it was changed since"


def refuse_foreign(folder: str, files: Iterable[ConfigFile]) -> None:
    """Refuse to replace files that lack entrykit's mark and are not on its list of checksums.

    An empty file has nothing to lose.

    Raises:
        CommitError: there is such a file.
        OSError: a file cannot be read.
    """
    _refuse(folder, files, lambda _file, data: data.startswith(MARKS), _FOREIGN)


def refuse_changed(folder: str, files: Iterable[ConfigFile]) -> None:
    """Refuse to replace files of user-supplied templates, which carry no mark.

    One that already has the new content may stay.

    Raises:
        CommitError: a file is not on the list, or no longer what entrykit wrote.
        OSError: a file cannot be read.
    """
    own = MARK.encode()
    _refuse(folder, files, lambda file, data: data == file.octets or data.startswith(own), _CHANGED)


def is_generated(folder: str, name: str) -> bool:
    """Whether entrykit wrote a file; not if it cannot be read.

    Raises:
        CommitError: it is a pipe or a device.
    """
    with suppress(OSError), open_live(os.path.join(folder, name)) as file:
        data = file.read()
        return data.startswith(MARKS) or is_listed(folder, name, data)
    return False


def foreign_file_error(path: str, reason: str = _FOREIGN, tip: str = _OVERWRITE_TIP) -> CommitError:
    """Return the error for a user's file that is in the way."""
    return CommitError(path, reason, tip)


def _refuse(
    folder: str,
    files: Iterable[ConfigFile],
    is_own: Callable[[ConfigFile, bytes], bool],
    reason: str,
) -> None:
    for file in files:
        path = os.path.join(folder, file.path)
        with suppress(FileNotFoundError), open_live(path) as live:
            data = live.read()
            if data and not is_own(file, data) and not is_listed(folder, file.path, data):
                raise foreign_file_error(path, reason)
