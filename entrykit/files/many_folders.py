"""Files of a person's own templates: into any folders, all of them or none.

Such a file has no mark of ours: what a comment is, only its format knows. So a list beside it
says what it was when we wrote it. A file that is something else by now is somebody's work.
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
    if not overwrite:
        for folder, found in folders.items():
            with wrap_os_errors(folder):
                refuse_changed(folder, found)
    # In one order, for two starts that lock the same folders.
    sets = [(folder, ConfigFiles(folders[folder])) for folder in sorted(folders)]
    return _commit_nested(sets)


def _commit_nested(sets: Sequence[tuple[str, ConfigFiles]]) -> list[str]:
    """Commit one folder within the verdict on the one before.

    All but the last step is then done for each before the last step is done for any.
    """
    if not sets:
        return []
    (folder, files), *others = sets
    inner: list[str] = []
    own = commit(files, folder, lambda _: inner.extend(_commit_nested(others)), overwrite=True)
    return [os.path.join(folder, name) for name in own if name != CHECKSUMS_FILE] + inner
