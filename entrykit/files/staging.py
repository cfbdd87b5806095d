"""Stage new files beside the live ones, and move them into place.

They are written into `.entrykit.stage` and checked there. Renaming that directory to
`.entrykit.decided` is the point of no return: a start that was killed before it has changed
nothing, and one that was killed after it is completed by the next start. Then each file is
renamed into its place.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence

from entrykit.files.config_file import ConfigFiles
from entrykit.files.fs import create_file, open_to_group, sync_folder
from entrykit.files.mounts import write_in_place

_STAGE = ".entrykit.stage"
_DECIDED = ".entrykit.decided"


def is_decided(folder: str) -> bool:
    """Whether an earlier start has left files that still have to be installed."""
    return os.path.isdir(os.path.join(folder, _DECIDED))


def has_leftovers(folder: str) -> bool:
    """Whether there are staged files without a decision; a start may be at work on them."""
    return os.path.isdir(os.path.join(folder, _STAGE))


def recover(folder: str) -> None:
    """Complete what an earlier start had decided, and discard what it had not."""
    decided = os.path.join(folder, _DECIDED)
    if os.path.isdir(decided):
        _install(folder, sorted(os.listdir(decided)))
    _discard(os.path.join(folder, _STAGE))


def replace(
    folder: str,
    files: ConfigFiles,
    changed: Sequence[str],
    check: Callable[[str], None],
) -> None:
    """Stage the whole set, check it, and install what changed.

    Args:
        folder: where the files live.
        files: the whole set; the last becomes live last.
        changed: paths of those that are to be replaced, in the order of `files`.
        check: called with the stage; raises to reject it.

    Raises:
        OSError: something cannot be written.
        Exception: whatever `check` raises; then nothing was changed.
    """
    _stage(folder, files, check)
    _decide(folder, changed)
    _carry_out(folder, changed)


def _stage(folder: str, files: ConfigFiles, check: Callable[[str], None]) -> None:
    stage = os.path.join(folder, _STAGE)
    os.mkdir(stage, 0o700)
    try:
        open_to_group(stage)  # the next start may have another uid, and clears up after a kill
        for file in files.values():
            create_file(os.path.join(stage, file.path), file.octets, file.mode)
        check(stage)
    except BaseException:
        _discard(stage)
        raise


def _decide(folder: str, changed: Sequence[str]) -> None:
    stage = os.path.join(folder, _STAGE)
    for name in set(os.listdir(stage)) - set(changed):
        _discard(os.path.join(stage, name))
    sync_folder(stage)
    os.rename(stage, os.path.join(folder, _DECIDED))
    sync_folder(folder)


def _carry_out(folder: str, names: Sequence[str]) -> None:
    """Install what was just decided; revoke the decision if not even the first file can be."""
    try:
        _install(folder, names)
    except OSError:
        decided, stage = os.path.join(folder, _DECIDED), os.path.join(folder, _STAGE)
        if len(os.listdir(decided)) == len(names):
            os.rename(decided, stage)
            _discard(stage)
        raise


def _install(folder: str, names: Sequence[str]) -> None:
    decided = os.path.join(folder, _DECIDED)
    for name in names:
        _replace(os.path.join(decided, name), os.path.join(folder, name))
    os.rmdir(decided)
    sync_folder(folder)


def _replace(new: str, live: str) -> None:
    try:
        os.rename(new, live)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        write_in_place(new, live)  # a bind-mounted file: its inode is the mount
        os.unlink(new)


def _discard(path: str) -> None:
    """Remove a file, a link (never its target) or a directory."""
    if os.path.isdir(path) and not os.path.islink(path):
        for name in os.listdir(path):
            _discard(os.path.join(path, name))
        os.rmdir(path)
    elif os.path.lexists(path):
        os.unlink(path)
