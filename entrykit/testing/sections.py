"""Sections and directives, as haproxy.cfg and nginx.conf both have them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Self, TypeVar

# To pytest: what fails in here is shown where a test called it (see entrykit.testing).
__tracebackhide__ = True


class Directive(str):
    """What a directive says: the words after its name, with a blank between.

    Attributes:
        words: the same, one by one, without their quotes.
        line: its number in the file.
    """

    __slots__ = ("line", "words")

    words: tuple[str, ...]
    line: int

    def __new__(cls, words: Sequence[str], line: int) -> Self:
        """Make the text of the words."""
        made = super().__new__(cls, " ".join(words))
        made.words = tuple(words)
        made.line = line
        return made


class Section:
    """A section: what it is called, its directives, and sections within.

    A name is given by its first words: `timeout connect` is the directive
    `timeout connect 5s`, `frontend` any frontend. What a section has not itself is looked
    for in the sections within, level by level: the first level that has it counts.

    Args:
        place: how it is called in messages.
        words: its name, one by one.
        line: its number in the file.
    """

    def __init__(self, place: str, words: Sequence[str], line: int) -> None:
        self.place = place
        self.words = tuple(words)
        self.line = line
        self.inner: list[Section] = []
        self.lines: list[Directive] = []

    def __repr__(self) -> str:
        return f"<{self.place}>"

    def section(self, name: str) -> Section:
        """Return the one section of this name.

        Raises:
            AssertionError: there is none, or more than one; the message lists them.
        """
        known = [" ".join(section.words) for section in self.inner]
        return self._require_one(name, self.sections(name), "section", known)

    def sections(self, name: str) -> list[Section]:
        """Return every section of this name on the first level that has one; or none."""
        return self._find_on_first_level(lambda section: _match_name(name, section.inner))

    def directive(self, name: str) -> Directive:
        """Return what the one directive of this name says: the words after the name.

        Raises:
            AssertionError: there is none, or more than one; the message lists them.
        """
        known = [line.words[0] for line in self.lines]
        return self._require_one(name, self.directives(name), "directive", known)

    def directives(self, name: str) -> list[Directive]:
        """Return what each directive of this name says, on the first level that has one."""
        said = len(name.split())
        found = self._find_on_first_level(lambda section: _match_name(name, section.lines))
        return [Directive(line.words[said:], line.line) for line in found]

    def _find_on_first_level(self, find: Callable[[Section], Iterator[T]]) -> list[T]:
        level = [self]
        while level:
            if found := [item for section in level for item in find(section)]:
                return found
            level = [inner for section in level for inner in section.inner]
        return []

    def _require_one(self, name: str, found: list[T], kind: str, known: Sequence[str]) -> T:
        if len(found) == 1:
            return found[0]
        if found:
            lines = ", ".join(str(item.line) for item in found)
            raise AssertionError(
                f"{self.place} has {len(found)} {kind}s {name!r}, in the lines {lines}: "
                f"name one by more of its words, or take {kind}s({name!r})"
            )
        there = ", ".join(dict.fromkeys(known)) or "none"
        raise AssertionError(f"{self.place} has no {kind} {name!r}; there are: {there}")


T = TypeVar("T", Section, Directive)


def _match_name(name: str, items: Sequence[T]) -> Iterator[T]:
    words = tuple(name.split())
    return (item for item in items if item.words[: len(words)] == words)
