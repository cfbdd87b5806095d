"""Folders of a group whose users come and go, as platforms run images: any uid, group 0."""

from __future__ import annotations

import os
import stat
from pathlib import Path


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
