"""Sections and directives of haproxy.cfg and nginx.conf."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Self, TypeVar

# Have pytest show failures at the line of the test (see entrykit.testing).
__tracebackhide__ = True


class Directive(str):
    """The words of a directive, joined by spaces.

    Attributes:
        words: the same words, one by one, without quotes.
        line: its line number in the file.
    """

    __slots__ = ("line", "words")

    words: tuple[str, ...]
    line: int

    def __new__(cls, words: Sequence[str], line: int) -> Self:
        """Join the words."""
        directive = super().__new__(cls, " ".join(words))
        directive.words = tuple(words)
        directive.line = line
        return directive


class Section:
    """A section: its name, its directives and inner sections.

    The first words of a name are enough: `timeout connect` finds the directive
    `timeout connect 5s`, `frontend` any frontend. What a section does not contain itself is
    searched in its inner sections, level by level, up to the first level that has it.

    Args:
        place: its description in messages.
        words: the words of its name.
        line: its line number in the file.
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
        """Return the words after the name of the one directive of this name.

        Raises:
            AssertionError: there is none, or more than one; the message lists them.
        """
        known = [line.words[0] for line in self.lines]
        return self._require_one(name, self.directives(name), "directive", known)

    def directives(self, name: str) -> list[Directive]:
        """Return the words after the name of each directive, on the first level that has one."""
        count = len(name.split())
        found = self._find_on_first_level(lambda section: _match_name(name, section.lines))
        return [Directive(line.words[count:], line.line) for line in found]

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
                f"{self.place} has {len(found)} {kind}s {name!r}, in lines {lines}: "
                f"use more words of the name, or {kind}s({name!r})"
            )
        there = ", ".join(dict.fromkeys(known)) or "none"
        raise AssertionError(f"{self.place} has no {kind} {name!r} ({kind}s: {there})")


T = TypeVar("T", Section, Directive)


def _match_name(name: str, items: Sequence[T]) -> Iterator[T]:
    words = tuple(name.split())
    return (item for item in items if item.words[: len(words)] == words)
