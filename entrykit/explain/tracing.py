"""Which variable makes which lines.

A variable makes a line if the line is gone, or is another one, where the variable has another
value. So that is what is done: the files are rendered anew for each value of
`entrykit.explain.variants`, one variable at a time, and compared by
`entrykit.explain.outline`. Nothing is read off the templates, so it holds whatever a line
came through: a condition, a loop, a property of the settings or of the host, or one expression
that writes a whole file. What
is said to make a line has changed it. The converse is only as good as the values that are
tried: where a variable matters for one rare value alone, nobody is told.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from entrykit.errors import EntrykitError
from entrykit.explain.field_usage import record_reads
from entrykit.explain.masking import Masker
from entrykit.explain.outline import missing_lines, outline
from entrykit.explain.provenance import Origin
from entrykit.explain.variants import Variant, find_variants
from entrykit.rendering.role_files import render
from entrykit.role import Role
from entrykit.variables.secret import MASK, snippet_lines
from entrykit.variables.settings import Settings

Numbers: TypeAlias = dict[str, set[int]]
Origins: TypeAlias = Mapping[str, Origin]


@dataclass(frozen=True, slots=True)
class File:
    """A rendered file, and what made it.

    Attributes:
        path: relative to the role's folder.
        lines: as they may be seen: secrets and raw lines are masks.
        headings: of each line, what it stands in, outermost first.
        makers: of each line, the variables that make it, in the order of `origins`.
    """

    path: str
    lines: tuple[str, ...]
    headings: tuple[tuple[str, ...], ...]
    makers: tuple[tuple[str, ...], ...]


class Rendering:
    """The files of some settings, to be compared with those of others.

    Args:
        role: whose files.
        settings: its variables.

    Raises:
        RenderError: a template is broken.
    """

    def __init__(self, role: Role[Any], settings: Settings) -> None:
        self.role = role
        self.settings = settings
        self.texts = {path: file.text for path, file in render(role, settings).items()}

    @cached_property
    def read(self) -> set[str]:
        """The fields that matter: another value of another one gives the same files."""
        settings, read = record_reads(self.settings)
        render(self.role, settings)
        return read

    def lines_not_in(self, other: Rendering) -> Numbers:
        """Return the lines that the other one has not, by file, counted from 0."""
        return {
            path: missing_lines(text, other.texts.get(path, ""))
            for path, text in self.texts.items()
            if text != other.texts.get(path)
        }

    def lines_from(self, origin: Origin, *, still_set: bool = False) -> Numbers:
        """Return the lines that are others with another value of one variable.

        Not those of a file that would give way as a whole to something else, if only somebody
        set the variable: what is not there has not made them.

        Args:
            origin: the variable.
            still_set: whether only values are tried that are somebody's, not the default.
        """
        found: Numbers = defaultdict(set)
        known = find_others(self.settings, origin) if origin.name.lower() in self.read else []
        shows = False
        for other in known:
            if (still_set and other.text is None) or (other.spare and shows):
                continue
            try:
                changed = Rendering(self.role, replace_value(self.settings, origin, other))
            except EntrykitError:  # not a value that goes with the others
                continue
            shows = shows or changed.texts != self.texts
            for path, numbers in self.lines_not_in(changed).items():
                if origin.is_set or len(numbers) < self.texts[path].count("\n"):
                    found[path] |= numbers
        return found

    def mask_files(self) -> dict[str, tuple[str, ...]]:
        """Return the lines of each file as they may be seen: with a mask for each secret."""
        masker = Masker(self.role, self.settings)
        return {path: _mask_lines(masker, path, text) for path, text in self.texts.items()}

    def headings(self, path: str, seen: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Return what each line of a file stands in, by the lines as they may be seen."""
        texts = self.texts[path].split("\n")
        known = {text.strip(): line.strip() for text, line in zip(texts, seen, strict=False)}
        return tuple(
            tuple(known[heading] for heading in line.headings) for line in outline(self.texts[path])
        )


def _mask_lines(masker: Masker, path: str, text: str) -> tuple[str, ...]:
    """Mask the lines of one file; raw lines one by one, so that their numbers stay."""
    lines = text.removesuffix("\n").split("\n") if text else []
    raw = snippet_lines(lines)
    return tuple(
        re.sub(r"\S.*", MASK, line) if number in raw else masker.mask_line(path, line)
        for number, line in enumerate(lines)
    )


def find_others(settings: Settings, origin: Origin) -> list[Variant]:
    """Return other values of one variable."""
    name = origin.name.lower()
    field = type(settings).model_fields[name]
    return find_variants(origin.variable, field, getattr(settings, name), origin.text)


def replace_value(settings: Settings, origin: Origin, other: Variant) -> Settings:
    """Return the settings with another value; made anew, as some remember what follows of them."""
    values = {name: getattr(settings, name) for name in type(settings).model_fields}
    name = origin.name.lower()
    given = settings.model_fields_set - {name} | ({name} if other.text is not None else set())
    return settings.model_construct(_fields_set=given, **values | {name: other.value})


def trace(role: Role[Any], settings: Settings, origins: Origins) -> dict[str, File]:
    """Find what made each line of a role's files.

    Args:
        role: whose files.
        settings: its variables.
        origins: the same, with the texts that were given.

    Returns:
        The files by their paths.

    Raises:
        RenderError: a template is broken.
    """
    base = Rendering(role, settings)
    seen = base.mask_files()
    makers = {path: [list[str]() for _ in lines] for path, lines in seen.items()}
    for name, origin in origins.items():
        for path, numbers in base.lines_from(origin).items():
            for number in numbers:
                makers[path][number].append(name)
    return {
        path: File(path, lines, base.headings(path, lines), tuple(map(tuple, makers[path])))
        for path, lines in seen.items()
    }


def added_lines(
    role: Role[Any], settings: Settings, origin: Origin, other: Variant
) -> Iterator[tuple[str, int, str]]:
    """Yield the lines that another value would add: file, number from 1, text to be seen."""
    changed = Rendering(role, replace_value(settings, origin, other))
    added = changed.lines_not_in(Rendering(role, settings))
    seen = changed.mask_files()
    for path, numbers in added.items():
        for number in sorted(numbers):
            yield path, number + 1, seen[path][number]
