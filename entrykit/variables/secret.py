"""Values that must not be shown by accident, and masking them in texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

MASK: Final = "***"

# Comments around raw lines in a file, by which they are known there later on.
_BEGIN: Final = "# Raw lines of a variable:"
_END: Final = "# End of the raw lines."
SNIPPET_COMMENTS: Final = (_BEGIN, _END)
_SNIPPET: Final = re.compile(rf"(?ms)({_BEGIN}\n).*?(^{re.escape(_END)}$|\Z)")


# Collect the secrets that are revealed while `record_revealed` is in force.
_RECORDS: Final[list[list[Secret]]] = []


class Secret:
    """Text that shows itself as `***` wherever it is printed or logged."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text: for the files that need it, and for nothing else."""
        for record in _RECORDS:
            record.append(self)
        return self._text

    def __repr__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


@contextmanager
def record_revealed() -> Iterator[list[Secret]]:
    """Collect the secrets whose text is asked for."""
    record: list[Secret] = []
    _RECORDS.append(record)
    try:
        yield record
    finally:
        _RECORDS.pop()


class Snippet(str):
    """Raw text of the user's for a config file: the one kind that is never quoted.

    It may hold anything, a password as well, and is treated as if it did.
    """

    __slots__ = ()


class WholeFile(str):
    """A whole file of the user's, which is written as it is, without a line of entrykit's.

    It may hold anything, a password as well, and is treated as if it did.
    """

    __slots__ = ()


def is_private(value: object) -> bool:
    """Whether a file with the value must be private: secrets and raw lines, also within a tree."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, list | tuple):
        # Plain text is passed by, because a map may have 100,000 lines of it.
        return any(is_private(part) for part in value if type(part) is not str)
    return isinstance(value, Secret | Snippet | WholeFile) and bool(value)


def enclose_snippet(lines: str) -> str:
    """Put the lines of a snippet between two comments, in formats whose comments begin with #.

    Such comments among the lines themselves, copied from a generated file, are dropped.
    """
    own = [line for line in lines.split("\n") if line.strip() not in {_BEGIN, _END}]
    return "\n".join([_BEGIN, *own, _END])


def mask_snippets(text: str) -> str:
    """Replace what stands between such comments, whichever variables it came from."""
    return _SNIPPET.sub(rf"\g<1>{MASK}\n\g<2>", text)


def snippet_lines(lines: Sequence[str]) -> set[int]:
    """Return which lines stand between such comments, counted from 0."""
    found = set()
    inside = False
    for number, line in enumerate(lines):
        inside = inside and line != _END
        if inside:
            found.add(number)
        inside = inside or line.endswith(_BEGIN)
    return found


# Shorter ones are parts of ordinary words, which a message needs.
_MIN_SUBSTRING: Final = 4


def mask(secrets: Iterable[str], text: str) -> str:
    """Replace secrets, the longest first; one of few characters as a whole word only."""
    for secret in secrets:
        if len(secret) < _MIN_SUBSTRING:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", MASK, text)
        else:
            text = text.replace(secret, MASK)
    return text
