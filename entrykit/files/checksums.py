"""Checksums of generated files that carry no header.

User-supplied text is written as it is, without entrykit's mark. The list of checksums becomes live
together with such files, so that a later start may replace what an earlier one has written, and
nothing else.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Final

from entrykit.files.config_file import MARK, MARKS, PRIVATE, ConfigFile, ConfigFiles
from entrykit.files.fs import open_live

CHECKSUMS_FILE: Final = "entrykit.sums"


def add_checksums(files: ConfigFiles, folder: str) -> ConfigFiles:
    """Add the list, as the first file, to a set that has files without a mark.

    Args:
        files: what is to become live.
        folder: where; the lines of an earlier list on other files are kept.
    """
    sums = {
        file.path: _checksum(file.octets)
        for file in files.values()
        if not file.octets.startswith(MARKS)
    }
    if not sums:
        return files
    known = _read_checksums(folder) | sums
    lines = [f"{known[path]}  {path}\n" for path in sorted(known)]
    text = f"{MARK}: these files without such a line are its own.\n{''.join(lines)}"
    # A checksum gives a secret away to those who can guess it.
    return ConfigFiles([ConfigFile(CHECKSUMS_FILE, text, PRIVATE), *files.values()])


def is_listed(folder: str, path: str, data: bytes) -> bool:
    """Whether the list in a directory has a file of this name with this content."""
    return _read_checksums(folder).get(path) == _checksum(data)


def _read_checksums(folder: str) -> dict[str, str]:
    with suppress(OSError), open_live(os.path.join(folder, CHECKSUMS_FILE)) as live:
        lines = live.read().decode(errors="replace").splitlines()[1:]
        return {path: digest for digest, _, path in (line.partition("  ") for line in lines)}
    return {}


def _checksum(data: bytes) -> str:
    from hashlib import sha256

    return sha256(data).hexdigest()
