"""Keep names across restarts, in CONFIG_DIR/entrykit-KIND.json."""

from __future__ import annotations

import os
from collections.abc import Set as AbstractSet
from typing import Any

from entrykit.files.fs import write_file
from entrykit.log import Log
from entrykit.roles.certbot.json_file import read_json


class Record:
    """A set of names on the disk.

    Args:
        config_dir: where the file is, so that a copy of the directory includes it.
        kind: what they are names of.
        log: gets an error if the file cannot be written.

    Attributes:
        names: the saved names; None if there are none, or the file cannot be read.
    """

    def __init__(self, config_dir: str, kind: str, log: Log) -> None:
        self._path = os.path.join(config_dir, f"entrykit-{kind}.json")
        self._kind, self._log = kind, log
        self.names = self._read()

    def save(self, names: AbstractSet[str]) -> None:
        """Replace the saved names; an unchanged set is not written again."""
        if names == self.names:
            return
        import json

        tree = {"format": self._format, self._kind: sorted(names)}
        try:
            write_file(self._path, f"{json.dumps(tree, indent=1)}\n".encode(), 0o644)
            self.names = {*names}
        except OSError as error:  # a full disk; the caller still has the names in memory
            self._log.error(f"{self._path}: {error.strerror}")

    @property
    def _format(self) -> str:
        return f"entrykit-{self._kind}-1"

    def _read(self) -> set[str] | None:
        try:
            return read_json(self._path, self._parse)
        except (OSError, ValueError):
            return None

    def _parse(self, tree: Any) -> set[str] | None:  # noqa: ANN401 -- as JSON has it
        return {*map(str, tree[self._kind])} if tree["format"] == self._format else None
