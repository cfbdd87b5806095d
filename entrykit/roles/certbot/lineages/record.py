"""Names that have to be known after a restart: CONFIG_DIR/entrykit-KIND.json."""

from __future__ import annotations

import os
from collections.abc import Set as AbstractSet

from entrykit.files.fs import write_file
from entrykit.log import Log


class Record:
    """A set of names on the disk.

    Args:
        config_dir: where it lies, so that it comes back with a copy of the folder.
        kind: what they are names of.
        log: told if it cannot be written.

    Attributes:
        names: what was written; None if nothing was, or nothing that can be read.
    """

    def __init__(self, config_dir: str, kind: str, log: Log) -> None:
        self._path = os.path.join(config_dir, f"entrykit-{kind}.json")
        self._kind, self._log = kind, log
        self.names = self._read()

    def keep(self, names: AbstractSet[str]) -> None:
        """Write down these names and no others; nothing where it is so already."""
        if names == self.names:
            return
        import json

        tree = {"format": self._format, self._kind: sorted(names)}
        try:
            write_file(self._path, f"{json.dumps(tree, indent=1)}\n".encode(), 0o644)
            self.names = {*names}
        except OSError as error:  # a full disk; who asks us knows them until it ends all the same
            self._log.error(f"{self._path}: {error.strerror}")

    @property
    def _format(self) -> str:
        return f"entrykit-{self._kind}-1"

    def _read(self) -> set[str] | None:
        import json

        try:
            with open(self._path, encoding="utf-8") as file:
                tree = json.load(file)
            return {*map(str, tree[self._kind])} if tree["format"] == self._format else None
        except (OSError, ValueError, KeyError, TypeError):
            return None
