"""Folders that are made where a variable names one that is not there yet."""

from __future__ import annotations

import os
from pathlib import Path


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
        _make(folder)
    return bool(missing)


def _make(folder: str) -> None:
    try:
        os.mkdir(folder, 0o755)
    except FileExistsError:
        if not os.path.isdir(folder):  # another start was faster
            raise
