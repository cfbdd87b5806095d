"""What rendering makes: texts with the paths and modes that they are to have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

MARK = "# Written by entrykit"

PUBLIC = 0o644
PRIVATE = 0o640


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """One file of a role.

    Attributes:
        path: relative to the role's folder.
        text: what is in it.
        mode: permission bits, 0640 where a secret is inside.
    """

    path: str
    text: str
    mode: int = PUBLIC

    @property
    def data(self) -> bytes:
        """The bytes that go to the disk."""
        return self.text.encode()


class ConfigFiles(Mapping[str, ConfigFile]):
    """The files of a role by their paths, in the order in which they become live.

    The last one is the file that the daemon is given; it names the others.
    """

    def __init__(self, files: Iterable[ConfigFile]) -> None:
        self._files = {file.path: file for file in files}

    def __getitem__(self, path: str) -> ConfigFile:
        return self._files[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __repr__(self) -> str:
        return f"ConfigFiles({', '.join(self._files)})"
