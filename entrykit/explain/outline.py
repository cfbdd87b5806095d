"""The lines of a config file with the sections that contain them, found by indentation.

It works for HAProxy's sections, nginx's blocks, YAML and indented JSON. Two versions of a file
are compared section by section: a line that both have in a section is the same, whatever is
added or removed elsewhere; if a section is removed, so are its lines.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Final, NamedTuple

from entrykit.variables.secret import snippet_lines

# A heading may contain lines. Comments, HAProxy's conditions (.if) and closing brackets are none.
_is_heading: Final = re.compile(r"\s*[\w\"'*-]").match
_CLOSING: Final = ("}", "]")
_ORDINARY, _CLOSES = "ordinary", "closes"
_MAX_DEPTH: Final = 1 << 30


class Line(NamedTuple):
    """A line and the sections that contain it.

    Attributes:
        headings: the first lines of these sections, outermost first, stripped.
        text: the line, without the comma after an item in JSON.
    """

    headings: tuple[str, ...]
    text: str


def outline(text: str) -> list[Line]:
    """Return the lines of a file.

    Lines without a meaningful indentation (empty ones, HAProxy's conditions, raw lines) belong
    to the section of the line before.
    """
    return _build_outline(_lines(text))


def _build_outline(lines: Sequence[str]) -> list[Line]:
    raw = snippet_lines(lines)
    kinds = [_kind(line, number in raw) for number, line in enumerate(lines)]
    depths = [_depth(line) for line in lines]
    opening = _opening_lines(kinds, depths)
    above: list[tuple[int, tuple[str, ...]]] = [(-1, ())]
    found = []
    for number, line in enumerate(lines):
        kind, depth = kinds[number], depths[number]
        while kind is not None and above[-1][0] >= depth + (kind is _CLOSES):
            above.pop()
        headings = above[-1][1]
        found.append(Line(headings, line.rstrip(",")))
        if kind is _CLOSES and above[-1][0] == depth:
            above.pop()
        if number in opening:
            above.append((depth, (*headings, line.strip())))
    return found


def _kind(line: str, raw: bool) -> str | None:
    """Return whether a line can be a heading or closes a section; None for neither."""
    if not raw and line.lstrip().startswith(_CLOSING):
        return _CLOSES
    return _ORDINARY if not raw and _is_heading(line) else None


def missing_lines(text: str, other: str) -> set[int]:
    """Return the numbers of the lines that another version does not have, from 0."""
    first, second = _File(text), _File(other)
    start, end = _common_ends(first, second)
    found = _missing_numbers(
        _build_outline(first.part(start, end)), _build_outline(second.part(start, end))
    )
    return {start + number for number in found}


class _File:
    """The lines of a file, with the kind and the depth of each on demand."""

    def __init__(self, text: str) -> None:
        self.lines = _lines(text)
        self.raw = snippet_lines(self.lines)

    def part(self, start: int, end: int) -> list[str]:
        """Return the lines without the first `start` and the last `end`."""
        return self.lines[start : len(self.lines) - end]

    def kind(self, number: int) -> str | None:
        return _kind(self.lines[number], number % len(self.lines) in self.raw)

    def depth(self, number: int) -> int:
        return _depth(self.lines[number])

    def min_depth(self, start: int, end: int) -> int:
        """Return the least depth of the lines that have a kind."""
        within = range(start, len(self.lines) - end)
        return min(
            (self.depth(number) for number in within if self.kind(number)), default=_MAX_DEPTH
        )


def _common_ends(first: _File, second: _File) -> tuple[int, int]:
    """Return how many lines at the start and at the end are equal and in equal sections.

    None of them is the heading of a line in between, except for headings of all of those. So
    little is left to compare in large files with a small difference.
    """
    start = _count_equal(zip(first.lines, second.lines, strict=False))
    end = _count_equal(
        zip(reversed(first.lines[start:]), reversed(second.lines[start:]), strict=False)
    )
    lowest = min(first.min_depth(start, end), second.min_depth(start, end))
    while start:
        start -= 1
        lowest = min(lowest, first.depth(start)) if first.kind(start) else lowest
        if first.kind(start) is _ORDINARY and first.depth(start) <= lowest:
            break
    while end and not (_is_outside(first, -end, lowest) and _is_outside(second, -end, lowest)):
        end -= 1
    return start, end


def _is_outside(file: _File, number: int, depth: int) -> bool:
    """Whether no section of this depth or deeper contains a line or any after it."""
    return file.depth(number) + (file.kind(number) is _CLOSES) <= depth and bool(file.kind(number))


def _count_equal(pairs: Iterable[tuple[str, str]]) -> int:
    """Count the pairs of equal lines before the first that differ."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _opening_lines(kinds: Sequence[str | None], depths: Sequence[int]) -> set[int]:
    """Return the numbers of the headings: deeper lines follow them."""
    found = set()
    below = 0
    for number in range(len(kinds) - 1, -1, -1):
        if kinds[number] is _ORDINARY:
            if depths[number] < below:
                found.add(number)
            below = depths[number]
        elif kinds[number] is _CLOSES:
            below = depths[number] + 1  # an empty block
    return found


def _missing_numbers(lines: Sequence[Line], other: Sequence[Line]) -> set[int]:
    first, second = _sections(lines), _sections(other)
    found: set[int] = set()
    for headings, numbers in first.items():
        there = [other[number].text for number in second.get(headings, ())]
        kept = _matching_places([lines[number].text for number in numbers], there)
        found.update(number for place, number in enumerate(numbers) if place not in kept)
    return found


def _sections(lines: Sequence[Line]) -> dict[tuple[str, ...], list[int]]:
    found: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        found[line.headings].append(number)
    return found


def _matching_places(first: list[str], second: list[str]) -> set[int]:
    """Return the places of the texts in `first` that `second` has too, in the same order."""
    if first == second:
        return set(range(len(first)))
    from difflib import SequenceMatcher

    blocks = SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()
    return {place for start, _, size in blocks for place in range(start, start + size)}
