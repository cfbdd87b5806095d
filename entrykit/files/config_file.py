"""Rendered files: texts with their paths and modes."""

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
        path: relative to the role's directory.
        text: its content.
        mode: permission bits, 0640 if it contains a secret.
    """

    path: str
    text: str
    mode: int = PUBLIC

    @property
    def octets(self) -> bytes:
        """The content as bytes."""
        return self.text.encode()


def add_mark(path: str, text: str, rest: str) -> str:
    """Put the mark into the first line of a file, by which a later start recognises it.

    Args:
        path: its name; one that ends with .json contains an object.
        text: its content.
        rest: the line after the mark.
    """
    if not path.endswith(".json"):
        return f"{MARK} {rest}\n{text}"
    members = text.lstrip().removeprefix("{")
    comma = "" if members.lstrip().startswith("}") else ","
    return f'{JSON_MARK} {rest}"{comma}\n{members.lstrip()}'


class ConfigFiles(Mapping[str, ConfigFile]):
    """The files of a role by their paths, in the order in which they become live.

    The last one is the file that the daemon is started with; it names the others.
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
    """The output of a user-supplied template.

    Attributes:
        target: the absolute path of the file, or `-`.
        text: its content.
        mode: permission bits, none for others if it contains a secret.
    """

    target: str
    text: str
    mode: int
