"""The output of `entrykit explain`.

`entrykit.explain.tracing` finds which variable sets which lines,
`entrykit.explain.provenance` where each value comes from.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from entrykit.display import display
from entrykit.errors import EntrykitError, UsageError
from entrykit.explain.provenance import Origin, find_origins
from entrykit.explain.tracing import File, added_lines, find_others, trace
from entrykit.explain.variants import Variant
from entrykit.role import Role
from entrykit.variables.env_files import Assignment
from entrykit.variables.reading import Reading
from entrykit.variables.settings import Settings

_MAX_MARGIN: Final = 40
_TEMPLATE_LINE: Final = "from the template: no variable value that was tried changes it"


class Explanation:
    """The variables and files of a role, and how they are connected.

    Args:
        role: the role.
        assignments: the result of `entrykit.variables.env_files.overlay_assignments`.
        reading: what was read from it.
        settings: the settings made of that.

    Raises:
        RenderError: a template is broken.
    """

    def __init__(
        self,
        role: Role[Any],
        assignments: dict[str, Assignment],
        reading: Reading,
        settings: Settings,
    ) -> None:
        self._role = role
        self._settings = settings
        self._origins = find_origins(role.settings, assignments, reading)
        self._files = trace(role, settings, self._origins)

    def lines(self, target: str | None) -> Iterator[str]:
        """Yield the lines of an explanation.

        Args:
            target: a variable, a file or a line such as `haproxy.cfg:42`; None for a table
                of all variables and files.

        Raises:
            UsageError: there is no such variable, file or line.
        """
        if target is None:
            return self._summary()
        path, _, number = target.removeprefix(f"{self._settings.config_dir}/").partition(":")
        if file := self._files.get(path):
            if number or target.endswith(":"):
                return self._describe_line(file, _parse_line_number(file, number))
            return self._annotate(file)
        return self._describe_variable(self._find_variable(target))

    def _find_variable(self, target: str) -> Origin:
        """Find a variable by its name or its `_FILE` name, in any case."""
        name = target.upper()
        known = self._aliases() | self._origins
        found = known.get(name) or known.get(name.removesuffix("_FILE"))
        if found:
            return found
        raise UsageError(f"unknown variable or file {display(target)}{self._hint(target)}")

    def _aliases(self) -> dict[str, Origin]:
        return {alias: each for each in self._origins.values() for alias in each.variable.aliases}

    def _hint(self, target: str) -> str:
        """Suggest the closest variable or file, or else say where they are listed."""
        from difflib import get_close_matches

        path, colon, number = target.partition(":")
        known = [*self._origins, *self._aliases()]
        if not colon and (near := get_close_matches(target.upper(), known, n=1)):
            return f"; did you mean {near[0]}?"
        if near := get_close_matches(path, self._files, n=1, cutoff=0.5):
            return f"; did you mean {near[0]}{colon}{number}?"
        listing = f"`entrykit env {self._role.name}` lists the variables"
        return f" ({listing}; files: {', '.join(self._files)})"

    # tables

    def _summary(self) -> Iterator[str]:
        known = self._origins.values()
        yield from _table(
            ("VARIABLE", "VALUE", "FROM", "LINES"),
            *(
                (each.name, each.value, each.provenance, self._line_counts(each.name))
                for each in known
            ),
        )
        yield ""
        yield from _table(
            ("FILE", "LINES", "FROM SET VARIABLES", "FROM DEFAULTS", "FROM THE TEMPLATE"),
            *map(self._counts, self._files.values()),
        )

    def _counts(self, file: File) -> Sequence[str]:
        categories = [self._line_category(names) for names in file.variables]
        counts = (str(categories.count(each)) for each in ("set", "default", "template"))
        return file.path, str(len(categories)), *counts

    def _line_category(self, names: Sequence[str]) -> str:
        if any(self._origins[name].is_set for name in names):
            return "set"
        return "default" if names else "template"

    def _line_counts(self, name: str) -> str:
        counts = {
            file.path: sum(name in names for names in file.variables)
            for file in self._files.values()
        }
        return ", ".join(f"{path} {count}" for path, count in counts.items() if count)

    # one variable

    def _describe_variable(self, origin: Origin) -> Iterator[str]:
        variable = origin.variable
        yield f"{origin.name}: {origin.value or 'not set'}"
        yield f"  from: {origin.provenance}" if origin.value else f"  {origin.provenance}"
        if variable.default is not None:
            yield f"  default: {variable.default}"
        yield from textwrap.wrap(
            f"{variable.text} ({variable.kind.name})",
            88, initial_indent="  ", subsequent_indent="  ",
        )  # fmt: skip
        if not origin.is_set:
            other = self._find_documented(origin)
            text = other.text if other else "…"
            yield f"  set it with {origin.name}={text} or {origin.name}_FILE=/a/path"
        yield ""
        yield from self._describe_lines(origin)

    def _describe_lines(self, origin: Origin) -> Iterator[str]:
        rows = [
            (f"{file.path}:{number}", line)
            for file in self._files.values()
            for number, (line, names) in enumerate(zip(file.lines, file.variables, strict=True), 1)
            if origin.name in names
        ]
        yield "It sets these lines:" if rows else "It sets no line."
        yield from _table(*rows, indent="  ")
        other = None if origin.is_set else self._find_documented(origin)
        if other:
            new = [
                (f"{path}:{number}", line)
                for path, number, line in self._added_lines(origin, other)
            ]
            yield from [f"{origin.name}={other.text} would add:"] if new else []
            yield from _table(*new, indent="  ")

    def _find_documented(self, origin: Origin) -> Variant | None:
        """Return a documented value other than the current one."""
        known = (each for each in find_others(self._settings, origin) if each.text is not None)
        return next((each for each in known if not each.fallback), None)

    def _added_lines(self, origin: Origin, other: Variant) -> list[tuple[str, int, str]]:
        with suppress(EntrykitError):  # it may need another variable too, or a directory
            return [*added_lines(self._role, self._settings, origin, other)]
        return []

    # one line

    def _describe_line(self, file: File, number: int) -> Iterator[str]:
        yield f"{file.path}:{number}: {file.lines[number - 1]}"
        if headings := file.headings[number - 1]:
            yield f"  in: {' > '.join(headings)}"
        names = file.variables[number - 1]
        if not names:
            yield f"  {_TEMPLATE_LINE}"
        yield from self._legend(names)

    def _legend(self, names: Sequence[str]) -> Iterator[str]:
        known = (self._origins[name] for name in names)
        rows = [(each.name, each.value, each.provenance) for each in known]
        return _table(*rows, indent="  ")

    # one file

    def _annotate(self, file: File) -> Iterator[str]:
        margins = [_margin(names) for names in file.variables]
        width = max(map(len, margins))
        digits = len(str(len(file.lines)))
        for number, (margin, line) in enumerate(zip(margins, file.lines, strict=True), start=1):
            yield f"{margin:{width}} {number:{digits}} | {line}".rstrip()
        yield ""
        used = {name for names in file.variables for name in names}
        yield from self._legend([name for name in self._origins if name in used])


def _parse_line_number(file: File, number: str) -> int:
    if number.isascii() and number.isdigit() and 1 <= int(number) <= len(file.lines):
        return int(number)
    raise UsageError(
        f"{file.path}:{display(number)}: no such line (expected 1 to {len(file.lines)})"
    )


def _margin(names: Sequence[str]) -> str:
    """Return as many names as fit, with the number of the others."""
    for count in range(len(names), 1, -1):
        more = f" +{len(names) - count}" if count < len(names) else ""
        text = ",".join(names[:count]) + more
        if len(text) <= _MAX_MARGIN:
            return text
    return "".join(names[:1]) + (f" +{len(names) - 1}" if len(names) > 1 else "")


def _table(*rows: Sequence[str], indent: str = "") -> Iterator[str]:
    """Yield rows with aligned columns."""
    if not rows:
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"{indent}{'  '.join(cells)}".rstrip()
