"""Stage, check, swap: all files of a role become live, or none.

The new files are written into `.entrykit.stage` beside the live ones and judged
there. Renaming that folder to `.entrykit.decided` is the one moment that
decides: a start that was killed before it has changed nothing, one that was
killed after it is carried through by the next start. Then each file is renamed
into its place.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from entrykit.configfile import MARK, ConfigFile, ConfigFiles
from entrykit.errors import CommitError
from entrykit.mounted import mounts, write_in_place

_STAGE = ".entrykit.stage"
_DECIDED = ".entrykit.decided"

Judge = Callable[[str], None]


def commit(
    files: ConfigFiles,
    folder: str,
    judge: Judge,
    *,
    beside: Sequence[str] = (),
    overwrite: bool = False,
) -> list[str]:
    """Make `files` the live ones of `folder`.

    Args:
        files: what is to stand there; the last becomes live last.
        folder: where; made if it is not there.
        judge: called with a folder that holds the whole new set; raises to refuse it.
        beside: names in `folder` that the files refer to; the judged folder has links to them.
        overwrite: whether a file without entrykit's mark may be replaced.

    Returns:
        The paths that changed; the others were not touched.

    Raises:
        CommitError: something cannot be written, or belongs to somebody else.
        Exception: whatever `judge` raises; then nothing was changed.
    """
    with writing(folder), _locked(folder):
        _recover(folder)
        changed = [file for file in files.values() if _differs(folder, file)]
        if not overwrite:
            refuse_foreign(folder, changed)
        _refuse_read_only_mounts(folder, changed)
        if not changed:
            judge(folder)
            return []
        _stage(folder, files, beside, judge)
        names = [file.path for file in changed]
        _decide(folder, names)
        _carry_out(folder, names)
    return names


@contextmanager
def writing(folder: str) -> Iterator[None]:
    """Turn what the system says of a write below `folder` into a CommitError."""
    try:
        yield
    except OSError as error:
        path = str(error.filename2 or error.filename or folder)
        reason = f"{error.strerror} (errno {error.errno}, as uid {os.geteuid()})"
        raise CommitError(path, reason, _tip(error.errno, folder)) from error


def _tip(number: int | None, folder: str) -> str:
    if number == errno.EROFS:
        return f"mount something writable at {folder} (a volume, or --tmpfs {folder})"
    if number in {errno.EACCES, errno.EPERM}:
        return f"let uid {os.geteuid()} or group {os.getegid()} write to {folder}"
    if number in {errno.ENOSPC, errno.EDQUOT}:
        return f"free some space on the file system of {folder}"
    return f"look at {folder}: it is to be a folder that uid {os.geteuid()} can write to"


@contextmanager
def _locked(folder: str) -> Iterator[None]:
    """Let one start at a time work on a folder that several containers share."""
    os.makedirs(folder, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Some network file systems have no locks; there a lone start is as safe as ever.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _recover(folder: str) -> None:
    """Finish what an earlier start had decided, and drop what it had not."""
    decided = os.path.join(folder, _DECIDED)
    if os.path.isdir(decided):
        _install(folder, sorted(os.listdir(decided)))
    _discard(os.path.join(folder, _STAGE))


def _differs(folder: str, file: ConfigFile) -> bool:
    path = os.path.join(folder, file.path)
    try:
        with open(path, "rb") as live:
            looser = stat.S_IMODE(os.fstat(live.fileno()).st_mode) & ~file.mode
            return bool(looser) or live.read() != file.data
    except FileNotFoundError:
        return True


def refuse_foreign(folder: str, files: Iterable[ConfigFile]) -> None:
    """Refuse to replace a file that a person put there; an empty one has nothing to lose.

    Raises:
        CommitError: a file is there and lacks entrykit's mark.
    """
    for file in files:
        path = os.path.join(folder, file.path)
        with suppress(FileNotFoundError), open(path, "rb") as live:
            start = live.read(len(MARK))
            if start and start != MARK.encode():
                raise CommitError(
                    path,
                    "entrykit did not write this file and leaves it alone",
                    "move it away, or set ENTRYKIT_OVERWRITE=1 to have it replaced",
                )


def _refuse_read_only_mounts(folder: str, files: Sequence[ConfigFile]) -> None:
    """Find out before the decision: a file that is a mount cannot be renamed over."""
    mounted = mounts()
    for file in files:
        path = os.path.join(folder, file.path)
        if os.path.realpath(path) in mounted:
            os.close(os.open(path, os.O_WRONLY))


def _stage(folder: str, files: ConfigFiles, beside: Sequence[str], judge: Judge) -> None:
    stage = os.path.join(folder, _STAGE)
    os.mkdir(stage, 0o700)
    try:
        for file in files.values():
            write(os.path.join(stage, file.path), file)
        for name in beside:
            os.symlink(os.path.join("..", name), os.path.join(stage, name))
        judge(stage)
    except BaseException:
        _discard(stage)
        raise


def write(path: str, file: ConfigFile) -> None:
    """Make a new file with its mode, and see it safely on the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as target:
        target.write(file.data)
        target.flush()
        os.fchmod(descriptor, file.mode)
        os.fsync(descriptor)


def _decide(folder: str, changed: Sequence[str]) -> None:
    stage = os.path.join(folder, _STAGE)
    for name in set(os.listdir(stage)) - set(changed):
        _discard(os.path.join(stage, name))
    _sync(stage)
    os.rename(stage, os.path.join(folder, _DECIDED))
    _sync(folder)


def _carry_out(folder: str, names: Sequence[str]) -> None:
    """Install what was decided just now; if not even the first file can be, nothing was."""
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
    _sync(folder)


def _replace(new: str, live: str) -> None:
    try:
        os.rename(new, live)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        write_in_place(new, live)  # a bind-mounted file: its inode is the mount
        os.unlink(new)


def _sync(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _discard(path: str) -> None:
    """Remove a file, a link (and never what it leads to) or a folder."""
    if os.path.isdir(path) and not os.path.islink(path):
        for name in os.listdir(path):
            _discard(os.path.join(path, name))
        os.rmdir(path)
    elif os.path.lexists(path):
        os.unlink(path)
