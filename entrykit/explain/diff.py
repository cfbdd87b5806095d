"""Show what a start would change on disk, with every secret masked."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from typing import Any

from entrykit.explain.masking import Masker
from entrykit.files.config_file import PRIVATE, ConfigFile, ConfigFiles
from entrykit.files.fs import open_live
from entrykit.files.transaction import wrap_os_errors
from entrykit.role import HostFacts, Role
from entrykit.variables.settings import Settings


def diff_files(
    role: Role[Any], settings: Settings, files: ConfigFiles, facts: HostFacts | None = None
) -> list[str]:
    """Compare `files` with those in the role's directory.

    Args:
        role: the role.
        settings: its variables.
        files: the files that it would write.
        facts: the facts that the files were rendered with.

    Returns:
        The lines of a unified diff, none if nothing would change.

    Raises:
        CommitError: a live file cannot be read.
    """
    with wrap_os_errors(settings.config_dir):
        live = {
            file.path: _read_live(os.path.join(settings.config_dir, file.path))
            for file in files.values()
        }
    changed = [file for file in files.values() if live[file.path][0] != file.text]
    if not changed:
        return []
    masker = Masker(role, settings, facts)
    return [
        line
        for file in changed
        for line in _diff_file(masker, settings.config_dir, file, *live[file.path])
    ]


def _diff_file(
    masker: Masker, folder: str, file: ConfigFile, text: str, private: bool
) -> list[str]:
    texts = {"live": text, "new": file.text}
    return diff_texts(masker, file.path, texts, folder, private=private or file.mode == PRIVATE)


def _read_live(path: str) -> tuple[str, bool]:
    """Return the text of a file, and whether it is not readable by everyone."""
    try:
        with open_live(path) as file:
            mode = os.fstat(file.fileno()).st_mode
            return file.read().decode(errors="replace"), not mode & stat.S_IROTH
    except FileNotFoundError:
        return "", False


def diff_texts(
    masker: Masker, path: str, texts: Mapping[str, str], folder: str = "", *, private: bool = True
) -> list[str]:
    """Compare two texts of one file.

    Args:
        masker: a masker for the role's files.
        path: path of the file, relative to the role's directory.
        texts: the old and the new text, each by its label: `live`, `new`.
        folder: the directory shown before the path.
        private: whether the file is not readable by everyone.

    Returns:
        The lines of a unified diff; a single message if the texts differ only in what is
        masked.
    """
    from difflib import unified_diff

    name = os.path.join(folder, path)
    before, after = (f"{name} ({label})" for label in texts)
    old_text, new_text = texts.values()
    old = _terminate(masker.mask_old(path, old_text, private=private))
    new = _terminate(masker.mask_new(path, new_text))
    found = list(unified_diff(old, new, before, after))
    # Equal once masked: that must not look like no change.
    ended = len({text.removesuffix("\n") for text in texts.values()}) == 1
    return found or [f"{name}: {'the end of the last line' if ended else 'a secret'} differs\n"]


def _terminate(lines: list[str]) -> list[str]:
    """Append a newline to each line; drop the empty one after a final newline."""
    return [f"{line}\n" for line in (lines[:-1] if lines[-1:] == [""] else lines)]
