"""What a start would change on the disk, with every secret masked."""

from __future__ import annotations

import os
import re
from typing import Any

from entrykit.check import masked
from entrykit.configfile import ConfigFile, ConfigFiles
from entrykit.role import Role
from entrykit.secret import MASK
from entrykit.settings import Settings


def difference(role: Role[Any], settings: Settings, files: ConfigFiles) -> list[str]:
    """Compare `files` with those in the role's folder.

    Returns:
        The lines of a unified diff, none where nothing would change.
    """
    lines = []
    for file in files.values():
        live = _live(os.path.join(settings.config_dir, file.path))
        if live != file.text:
            lines += _unified(role, settings, file, live)
    return lines


def _live(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def _unified(role: Role[Any], settings: Settings, file: ConfigFile, live: str) -> list[str]:
    from difflib import unified_diff

    path = os.path.join(settings.config_dir, file.path)
    old, new = (_lines(role, settings, text) for text in (live, file.text))
    found = list(unified_diff(old, new, f"{path} (live)", f"{path} (new)"))
    # Equal but for what is masked: that alone must not look like no change.
    return found or [f"{path}: a secret differs\n"]


def _lines(role: Role[Any], settings: Settings, text: str) -> list[str]:
    """Mask the secrets that we know, and in old files whatever stands where secrets do."""
    for pattern in role.secret_places:
        text = re.sub(pattern, rf"\g<1>{MASK}", text, flags=re.MULTILINE)
    lines = masked(text, settings).splitlines(keepends=True)
    return [line if line.endswith("\n") else f"{line}\n" for line in lines]
