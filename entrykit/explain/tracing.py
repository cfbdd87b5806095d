"""Find which variable sets which lines.

A variable sets a line if the line disappears or changes when the variable has another value. So
the files are rendered again with each value of `entrykit.explain.variants`, one variable at a
time, and compared by `entrykit.explain.outline`. Templates are not analysed, so it does not
matter how a value reaches a line: through a condition, a loop, a property of the settings or of
the host, or one expression that writes a whole file. A variable that is reported did change the
line; one that matters only for a rare value, which is not tried, is not reported.
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
    """A rendered file, and the variables that set its lines.

    Attributes:
        path: relative to the role's directory.
        lines: the lines, with secrets and raw lines masked.
        headings: for each line, the sections that contain it, outermost first.
        variables: for each line, the variables that set it, in the order of the origins.
    """

    path: str
    lines: tuple[str, ...]
    headings: tuple[tuple[str, ...], ...]
    variables: tuple[tuple[str, ...], ...]


class Rendering:
    """The files of one role and its settings, to compare with those of other settings.

    Args:
        role: the role.
        settings: its variables.

    Raises:
        RenderError: a template is broken.
    """

    def __init__(self, role: Role[Any], settings: Settings) -> None:
        self.role = role
        self.settings = settings
        self.texts = {path: file.text for path, file in render(role, settings).items()}

    @cached_property
    def used_fields(self) -> set[str]:
        """The fields that the files depend on."""
        settings, read = record_reads(self.settings)
        render(self.role, settings)
        return read

    def lines_not_in(self, other: Rendering) -> Numbers:
        """Return the numbers of the lines that `other` does not have, by file, from 0."""
        return {
            path: missing_lines(text, other.texts.get(path, ""))
            for path, text in self.texts.items()
            if text != other.texts.get(path)
        }

    def lines_from(self, origin: Origin, *, still_set: bool = False) -> Numbers:
        """Return the lines that change with another value of one variable.

        An unset variable that would replace a whole file, if it were set, has not set the lines
        that the file has now: these are left out.

        Args:
            origin: the variable.
            still_set: whether to leave out the default, which applies if the variable is unset.
        """
        found: Numbers = defaultdict(set)
        used = origin.name.lower() in self.used_fields
        changes_files = False
        for other in find_others(self.settings, origin) if used else []:
            if (still_set and other.text is None) or (other.fallback and changes_files):
                continue
            try:
                changed = Rendering(self.role, replace_value(self.settings, origin, other))
            except EntrykitError:  # not valid together with the other variables
                continue
            changes_files = changes_files or changed.texts != self.texts
            for path, numbers in self.lines_not_in(changed).items():
                if origin.is_set or len(numbers) < self.texts[path].count("\n"):
                    found[path] |= numbers
        return found

    def mask_files(self) -> dict[str, tuple[str, ...]]:
        """Return the lines of each file, with secrets masked."""
        masker = Masker(self.role, self.settings)
        return {path: _mask_lines(masker, path, text) for path, text in self.texts.items()}

    def headings(self, path: str, masked: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Return the sections that contain each line of a file, masked like its lines."""
        texts = self.texts[path].split("\n")
        known = {text.strip(): line.strip() for text, line in zip(texts, masked, strict=False)}
        return tuple(
            tuple(known[heading] for heading in line.headings) for line in outline(self.texts[path])
        )


def _mask_lines(masker: Masker, path: str, text: str) -> tuple[str, ...]:
    """Mask the lines of one file; raw lines one by one, so that line numbers stay the same."""
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
    """Return new settings with another value; a copy would share cached properties."""
    values = {name: getattr(settings, name) for name in type(settings).model_fields}
    name = origin.name.lower()
    given = settings.model_fields_set - {name} | ({name} if other.text is not None else set())
    return settings.model_construct(_fields_set=given, **values | {name: other.value})


def trace(role: Role[Any], settings: Settings, origins: Origins) -> dict[str, File]:
    """Find the variables that set each line of a role's files.

    Args:
        role: the role.
        settings: its variables.
        origins: the same variables, with their sources.

    Returns:
        The files by path.

    Raises:
        RenderError: a template is broken.
    """
    base = Rendering(role, settings)
    masked = base.mask_files()
    found = {path: [list[str]() for _ in lines] for path, lines in masked.items()}
    for name, origin in origins.items():
        for path, numbers in base.lines_from(origin).items():
            for number in numbers:
                found[path][number].append(name)
    return {
        path: File(path, lines, base.headings(path, lines), tuple(map(tuple, found[path])))
        for path, lines in masked.items()
    }


def added_lines(
    role: Role[Any], settings: Settings, origin: Origin, other: Variant
) -> Iterator[tuple[str, int, str]]:
    """Yield the lines that another value would add: file, number from 1, masked text."""
    changed = Rendering(role, replace_value(settings, origin, other))
    added = changed.lines_not_in(Rendering(role, settings))
    masked = changed.mask_files()
    for path, numbers in added.items():
        for number in sorted(numbers):
            yield path, number + 1, masked[path][number]
