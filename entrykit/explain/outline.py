"""The lines of a config file, each with what it stands in: by indentation, as people read it.

HAProxy's sections, nginx's blocks, YAML and indented JSON all have it. Two versions of a file
are compared section by section: a line that is there in both is the same wherever else lines
come and go, and one that went along with its section is gone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Final, NamedTuple

from entrykit.variables.secret import snippet_lines

# What lines can stand in: not a comment, a condition of HAProxy's (.if) or a closing bracket.
_is_heading: Final = re.compile(r"\s*[\w\"'*-]").match
_CLOSING: Final = ("}", "]")
_ORDINARY, _CLOSES = "ordinary", "closes"
_MAX_DEPTH: Final = 1 << 30


class Line(NamedTuple):
    """A line, and where it is.

    Attributes:
        headings: the lines that it stands in, outermost first, without their blanks.
        text: of the line, without the comma that follows an item of JSON.
    """

    headings: tuple[str, ...]
    text: str


def outline(text: str) -> list[Line]:
    """Return the lines of a file.

    What has no indentation of its own stands in what its neighbour stands in: an empty line,
    a condition of HAProxy's, a line of a variable.
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
    """Say whether a line can be a heading, or closes what stands in one; None for neither."""
    if not raw and line.lstrip().startswith(_CLOSING):
        return _CLOSES
    return _ORDINARY if not raw and _is_heading(line) else None


def missing_lines(text: str, other: str) -> set[int]:
    """Return which lines another version of the file has not, counted from 0."""
    ours, theirs = _File(text), _File(other)
    start, end = _common_ends(ours, theirs)
    found = _missing_numbers(
        _build_outline(ours.part(start, end)), _build_outline(theirs.part(start, end))
    )
    return {start + number for number in found}


class _File:
    """The lines of a file, each with its kind and its depth when somebody asks for it."""

    def __init__(self, text: str) -> None:
        self.lines = _lines(text)
        self.raw = snippet_lines(self.lines)

    def part(self, start: int, end: int) -> list[str]:
        """Return the lines but for some at the start and at the end."""
        return self.lines[start : len(self.lines) - end]

    def kind(self, number: int) -> str | None:
        return _kind(self.lines[number], number % len(self.lines) in self.raw)

    def depth(self, number: int) -> int:
        return _depth(self.lines[number])

    def lowest(self, start: int, end: int) -> int:
        """Return the least depth of what stands in something, or others stand in."""
        within = range(start, len(self.lines) - end)
        return min(
            (self.depth(number) for number in within if self.kind(number)), default=_MAX_DEPTH
        )


def _common_ends(ours: _File, theirs: _File) -> tuple[int, int]:
    """Return how many lines at the start and at the end need no look: they are the same.

    Also what they stand in is, and they are not what lines between them stand in, but for
    what all of those do. Of large files with a small difference little is left.
    """
    start = _count_equal(zip(ours.lines, theirs.lines, strict=False))
    end = _count_equal(
        zip(reversed(ours.lines[start:]), reversed(theirs.lines[start:]), strict=False)
    )
    lowest = min(ours.lowest(start, end), theirs.lowest(start, end))
    while start:
        start -= 1
        lowest = min(lowest, ours.depth(start)) if ours.kind(start) else lowest
        if ours.kind(start) is _ORDINARY and ours.depth(start) <= lowest:
            break
    while end and not (_is_outside(ours, -end, lowest) and _is_outside(theirs, -end, lowest)):
        end -= 1
    return start, end


def _is_outside(file: _File, number: int, depth: int) -> bool:
    """Whether a line and those that follow stand in nothing of this depth or a greater one."""
    return file.depth(number) + (file.kind(number) is _CLOSES) <= depth and bool(file.kind(number))


def _count_equal(pairs: Iterable[tuple[str, str]]) -> int:
    """Count the pairs of equal lines before the first that differ."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _opening_lines(kinds: Sequence[str | None], depths: Sequence[int]) -> set[int]:
    """Return the lines that others stand in: what follows them is deeper."""
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
    ours, theirs = _sections(lines), _sections(other)
    found: set[int] = set()
    for headings, numbers in ours.items():
        there = [other[number].text for number in theirs.get(headings, ())]
        kept = _matching_places([lines[number].text for number in numbers], there)
        found.update(number for place, number in enumerate(numbers) if place not in kept)
    return found


def _sections(lines: Sequence[Line]) -> dict[tuple[str, ...], list[int]]:
    found: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        found[line.headings].append(number)
    return found


def _matching_places(ours: list[str], theirs: list[str]) -> set[int]:
    """Return which of our texts are among theirs, in the same order."""
    if ours == theirs:
        return set(range(len(ours)))
    from difflib import SequenceMatcher

    blocks = SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
    return {place for start, _, size in blocks for place in range(start, start + size)}
