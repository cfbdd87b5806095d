"""What a start would change on the disk, with every secret masked."""

from __future__ import annotations

import os
import re
from typing import Any

from entrykit.check import masked
from entrykit.commit import writing
from entrykit.configfile import ConfigFile, ConfigFiles
from entrykit.live import open_live
from entrykit.role import Role
from entrykit.secret import MASK, without_snippets
from entrykit.settings import Settings


def difference(role: Role[Any], settings: Settings, files: ConfigFiles) -> list[str]:
    """Compare `files` with those in the role's folder.

    Returns:
        The lines of a unified diff, none where nothing would change.

    Raises:
        CommitError: a live file cannot be read.
    """
    lines = []
    for file in files.values():
        with writing(settings.config_dir):
            live = _live(os.path.join(settings.config_dir, file.path))
        if live != file.text:
            lines += _unified(role, settings, file, live)
    return lines


def _live(path: str) -> str:
    try:
        with open_live(path) as file:
            return file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""


def _unified(role: Role[Any], settings: Settings, file: ConfigFile, live: str) -> list[str]:
    from difflib import unified_diff

    path = os.path.join(settings.config_dir, file.path)
    old, new = (_lines(role, settings, text) for text in (live, file.text))
    found = list(unified_diff(old, new, f"{path} (live)", f"{path} (new)"))
    # Equal as far as can be shown: that alone must not look like no change.
    hidden = "the end of the last line" if f"{live}\n" == file.text else "a secret"
    return found or [f"{path}: {hidden} differs\n"]


def _lines(role: Role[Any], settings: Settings, text: str) -> list[str]:
    """Mask the secrets that we know, and in old files whatever stands where secrets do."""
    text = without_snippets(text)
    for pattern in role.secret_places:
        text = re.sub(pattern, rf"\g<1>{MASK}", text, flags=re.MULTILINE)
    lines = masked(text, settings).splitlines(keepends=True)
    return [line if line.endswith("\n") else f"{line}\n" for line in lines]
