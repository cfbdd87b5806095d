"""Files of a person's own templates: into any folders, all of them or none.

Such a file has no mark of ours: what a comment is, only its format knows. So a list beside it
says what it was when we wrote it. A file that is something else by now is somebody's work.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Final

from entrykit.commit import commit, writing
from entrykit.configfile import MARK, PRIVATE, ConfigFile, ConfigFiles
from entrykit.errors import CommitError
from entrykit.live import open_live
from entrykit.pairs import Rendered

LIST: Final = ".entrykit.written"


def write(files: Iterable[Rendered], *, overwrite: bool) -> list[str]:
    """Write files.

    Args:
        files: their targets are absolute paths.
        overwrite: whether a file that we have not written may be replaced.

    Returns:
        The paths of those that changed.

    Raises:
        CommitError: one cannot be written, or belongs to somebody else; then none was.
    """
    folders: dict[str, list[ConfigFile]] = {}
    for file in files:
        folder, name = os.path.split(file.target)
        folders.setdefault(folder, []).append(ConfigFile(name, file.text, file.mode))
    known = {folder: _known(folder) for folder in folders}
    if not overwrite:
        for folder, found in folders.items():
            _refuse_foreign(folder, found, known[folder])
    # In one order, for two starts that lock the same folders.
    sets = [(folder, _listed(folders[folder], known[folder])) for folder in sorted(folders)]
    return _committed(sets)


def _committed(sets: Sequence[tuple[str, ConfigFiles]]) -> list[str]:
    """Commit one folder within the verdict on the one before.

    All but the last step is then done for each before the last step is done for any.
    """
    if not sets:
        return []
    (folder, files), *others = sets
    inner: list[str] = []
    own = commit(files, folder, lambda _: inner.extend(_committed(others)), overwrite=True)
    return [os.path.join(folder, name) for name in own if name != LIST] + inner


def _known(folder: str) -> dict[str, str]:
    """Return the names of a folder's files that are ours, and their checksums."""
    with (
        writing(folder),
        suppress(FileNotFoundError),
        open_live(os.path.join(folder, LIST)) as file,
    ):
        lines = file.read().decode(errors="replace").splitlines()
        return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    return {}


def _listed(files: Sequence[ConfigFile], known: Mapping[str, str]) -> ConfigFiles:
    """Put the list before the files; sha256sum(1) reads it. It tells about secrets, by trying."""
    digests = {**known, **{file.path: sha256(file.octets).hexdigest() for file in files}}
    text = "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))
    return ConfigFiles([ConfigFile(LIST, text, PRIVATE), *files])


def _refuse_foreign(folder: str, files: Sequence[ConfigFile], known: Mapping[str, str]) -> None:
    for file in files:
        path = os.path.join(folder, file.path)
        with writing(folder), suppress(FileNotFoundError), open_live(path) as live:
            data = live.read()
            ours = not data or data == file.octets or data.startswith(MARK.encode())
            if not ours and sha256(data).hexdigest() != known.get(file.path):
                raise CommitError(
                    path,
                    "entrykit did not write this file, or it was changed since",
                    "move it away, or set ENTRYKIT_OVERWRITE=1 to have it replaced",
                )
