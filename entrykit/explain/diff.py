"""What a start would change on the disk, with every secret masked."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from entrykit.files.config_file import ConfigFiles
from entrykit.files.fs import open_live
from entrykit.files.transaction import wrap_os_errors
from entrykit.role import Role
from entrykit.variables.secret import MASK, mask_snippets
from entrykit.variables.settings import Settings, mask_secrets


def diff_files(role: Role[Any], settings: Settings, files: ConfigFiles) -> list[str]:
    """Compare `files` with those in the role's folder.

    Returns:
        The lines of a unified diff, none where nothing would change.

    Raises:
        CommitError: a live file cannot be read.
    """
    lines = []
    for file in files.values():
        with wrap_os_errors(settings.config_dir):
            live = _read_live(os.path.join(settings.config_dir, file.path))
        if live != file.text:
            path = os.path.join(settings.config_dir, file.path)
            lines += diff_texts(role, settings, path, {"live": live, "new": file.text})
    return lines


def _read_live(path: str) -> str:
    try:
        with open_live(path) as file:
            return file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""


def diff_texts(
    role: Role[Any], settings: Settings, path: str, texts: Mapping[str, str]
) -> list[str]:
    """Compare two texts of one file.

    Args:
        role: which knows where secrets stand in its files.
        settings: whose secrets are masked.
        path: how the file is called.
        texts: the old one and the new one, each by what it is: `live`, `new`.

    Returns:
        The lines of a unified diff; one that says so where the texts differ only in what
        cannot be shown.
    """
    from difflib import unified_diff

    before, after = (f"{path} ({label})" for label in texts)
    old, new = (_mask_lines(role, settings, text) for text in texts.values())
    found = list(unified_diff(old, new, before, after))
    # Equal as far as can be shown: that alone must not look like no change.
    ended = len({text.removesuffix("\n") for text in texts.values()}) == 1
    return found or [f"{path}: {'the end of the last line' if ended else 'a secret'} differs\n"]


def _mask_lines(role: Role[Any], settings: Settings, text: str) -> list[str]:
    """Mask the secrets that we know, and in old files whatever stands where secrets do."""
    text = mask_snippets(text)
    for pattern in role.secret_places:
        text = re.sub(pattern, rf"\g<1>{MASK}", text, flags=re.MULTILINE)
    lines = mask_secrets(text, settings).splitlines(keepends=True)
    return [line if line.endswith("\n") else f"{line}\n" for line in lines]
