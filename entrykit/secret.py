"""A value that nobody may see by accident."""

from __future__ import annotations

MASK = "***"


class Secret:
    """Text that shows itself as `***` wherever it is printed or logged."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text: for the files that need it, and for nothing else."""
        return self._text

    def __repr__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.reveal() == self._text

    def __hash__(self) -> int:
        return hash(self._text)


class Snippet(str):
    """Raw text of the user's for a config file: the one kind that is never quoted.

    It may hold anything, a password as well, and is treated as if it did.
    """

    __slots__ = ()
