"""Write the files of user-supplied templates into any directories, all of them or none.

Such a file carries no mark, because what a comment is depends on its format. So a list beside it
has its checksum; a file with another one was changed by something else.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from entrykit.files.checksums import CHECKSUMS_FILE
from entrykit.files.config_file import ConfigFile, ConfigFiles, OutputFile
from entrykit.files.ownership import refuse_changed
from entrykit.files.transaction import commit, wrap_os_errors


def write(files: Iterable[OutputFile], *, overwrite: bool) -> list[str]:
    """Write files.

    Args:
        files: their targets are absolute paths.
        overwrite: whether a file that entrykit did not write may be replaced.

    Returns:
        The paths of those that changed.

    Raises:
        CommitError: one cannot be written, or was not written by entrykit; then none is changed.
    """
    folders: dict[str, list[ConfigFile]] = {}
    for file in files:
        folder, name = os.path.split(file.target)
        folders.setdefault(folder, []).append(ConfigFile(name, file.text, file.mode))
    if not overwrite:
        for folder, found in folders.items():
            with wrap_os_errors(folder):
                refuse_changed(folder, found)
    # In a fixed order, or two starts could lock the same directories against each other.
    sets = [(folder, ConfigFiles(folders[folder])) for folder in sorted(folders)]
    return _commit_nested(sets)


def _commit_nested(sets: Sequence[tuple[str, ConfigFiles]]) -> list[str]:
    """Commit each directory inside the check of the one before.

    All steps but the last are then done for each before the last is done for any.
    """
    if not sets:
        return []
    (folder, files), *others = sets
    inner: list[str] = []
    own = commit(files, folder, lambda _: inner.extend(_commit_nested(others)), overwrite=True)
    return [os.path.join(folder, name) for name in own if name != CHECKSUMS_FILE] + inner
