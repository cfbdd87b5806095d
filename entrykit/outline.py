"""The lines of a config file, each with what it stands in: by indentation, as people read it.

HAProxy's sections, nginx's blocks, YAML and indented JSON all have it. Two versions of a file
are compared section by section: a line that is there in both is the same wherever else lines
come and go, and one that went along with its section is gone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from entrykit.secret import snippet_lines

# What lines can stand in: not a comment, a condition of HAProxy's (.if) or a closing bracket.
_is_heading: Final = re.compile(r"\s*[\w\"'*-]").match
_CLOSING: Final = ("}", "]")


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
    lines = text.removesuffix("\n").split("\n") if text else []
    raw = snippet_lines(lines)
    opening = _opening(lines, raw)
    above: list[tuple[int, str]] = []
    found = []
    for number, line in enumerate(lines):
        depth = _depth(line)
        closing = line.strip().startswith(_CLOSING) and number not in raw
        if closing or _is_ordinary(line, number, raw):
            while above and above[-1][0] >= depth + closing:
                above.pop()
        found.append(Line(tuple(heading for _, heading in above), line.rstrip(",")))
        if closing and above and above[-1][0] == depth:
            above.pop()
        if number in opening:
            above.append((depth, line.strip()))
    return found


def missing(lines: Sequence[Line], other: Sequence[Line]) -> set[int]:
    """Return which lines another version of the file has not, counted from 0."""
    ours, theirs = _sections(lines), _sections(other)
    found: set[int] = set()
    for headings, numbers in ours.items():
        there = [other[number].text for number in theirs.get(headings, ())]
        kept = _kept([lines[number].text for number in numbers], there)
        found.update(number for place, number in enumerate(numbers) if place not in kept)
    return found


def _opening(lines: Sequence[str], raw: set[int]) -> set[int]:
    """Return the lines that others stand in: what follows them is deeper."""
    found = set()
    below = 0
    for number in range(len(lines) - 1, -1, -1):
        if _is_ordinary(lines[number], number, raw):
            if _depth(lines[number]) < below:
                found.add(number)
            below = _depth(lines[number])
        elif lines[number].strip().startswith(_CLOSING):
            below = _depth(lines[number]) + 1  # an empty block
    return found


def _is_ordinary(line: str, number: int, raw: set[int]) -> bool:
    return number not in raw and bool(_is_heading(line))


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _sections(lines: Sequence[Line]) -> dict[tuple[str, ...], list[int]]:
    found: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        found[line.headings].append(number)
    return found


def _kept(ours: list[str], theirs: list[str]) -> set[int]:
    """Return which of our texts are among theirs, in the same order."""
    if ours == theirs:
        return set(range(len(ours)))
    from difflib import SequenceMatcher

    blocks = SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
    return {place for start, _, size in blocks for place in range(start, start + size)}
