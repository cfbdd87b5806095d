"""What rendering makes: texts with the paths and modes that they are to have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

MARK = "# Written by entrykit"
JSON_MARK = f'{{"written_by": "{MARK}'  # JSON has no comments
MARKS = (MARK.encode(), JSON_MARK.encode())

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
    def octets(self) -> bytes:
        """The bytes that go to the disk."""
        return self.text.encode()


def add_mark(path: str, text: str, rest: str) -> str:
    """Put the mark into the first line of a file, by which a later start knows it as entrykit's.

    Args:
        path: its name; one that ends with .json holds an object.
        text: what is in it.
        rest: what the line says after the mark.
    """
    if not path.endswith(".json"):
        return f"{MARK} {rest}\n{text}"
    members = text.lstrip().removeprefix("{")
    comma = "" if members.lstrip().startswith("}") else ","
    return f'{JSON_MARK} {rest}"{comma}\n{members.lstrip()}'


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


@dataclass(frozen=True, slots=True)
class OutputFile:
    """What became of a template.

    Attributes:
        target: as that of the pair.
        text: what is to be written.
        mode: permission bits, without those of others where a secret is inside.
    """

    target: str
    text: str
    mode: int
