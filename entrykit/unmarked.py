"""Files of ours without a mark, because they are a person's own text: known by their checksums.

The list of them becomes live together with them, so that a later start may replace what an
earlier one has written, and nothing else.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Final

from entrykit.configfile import MARK, MARKS, ConfigFile, ConfigFiles
from entrykit.live import open_live

LIST: Final = "entrykit.sums"


def with_list(files: ConfigFiles) -> ConfigFiles:
    """Add the list to a set of files that has some without a mark; as the first of them."""
    unmarked = [file for file in files.values() if not file.octets.startswith(MARKS)]
    if not unmarked:
        return files
    lines = [f"{_sum(file.octets)}  {file.path}\n" for file in unmarked]
    text = f"{MARK}: these files without such a line are its own.\n{''.join(lines)}"
    return ConfigFiles([ConfigFile(LIST, text), *files.values()])


def is_listed(folder: str, path: str, data: bytes) -> bool:
    """Whether the list in `folder` has a file of this name with this content."""
    with suppress(OSError), open_live(os.path.join(folder, LIST)) as live:
        lines = live.read().splitlines()
        return f"{_sum(data)}  {path}".encode() in lines
    return False


def _sum(data: bytes) -> str:
    from hashlib import sha256

    return sha256(data).hexdigest()
