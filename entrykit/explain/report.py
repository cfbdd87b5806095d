"""What `entrykit explain` says, as text for people.

Which variable makes which lines is found out in `entrykit.explain.tracing`, where each comes
from in `entrykit.explain.provenance`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from entrykit.display import display
from entrykit.errors import EntrykitError, UsageError
from entrykit.explain.provenance import Origin, origins
from entrykit.explain.tracing import File, added_lines, find_others, trace
from entrykit.explain.variants import Variant
from entrykit.role import Role
from entrykit.variables.env_files import Assignment
from entrykit.variables.reading import Reading
from entrykit.variables.settings import Settings

_MAX_MARGIN: Final = 40
_TEMPLATE_LINE: Final = "of the template: no other value of a variable that was tried changes it"


class Explanation:
    """All that is known of a role's variables and files.

    Args:
        role: whose.
        laid: the variables as `entrykit.variables.env_files.placed` gave them.
        reading: what was read of them.
        settings: what was made of that.

    Raises:
        RenderError: a template is broken.
    """

    def __init__(
        self, role: Role[Any], laid: dict[str, Assignment], reading: Reading, settings: Settings
    ) -> None:
        self._role = role
        self._settings = settings
        self._origins = origins(role.settings, laid, reading)
        self._files = trace(role, settings, self._origins)

    def lines(self, target: str | None) -> Iterator[str]:
        """Say what a person asked for.

        Args:
            target: a variable, a file or a line of it as `haproxy.cfg:42`; None for the
                tables of both.

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
        """Find a variable by its name in any case, or by that of its file."""
        name = target.upper()
        known = {alias: each for each in self._origins.values() for alias in each.variable.aliases}
        known |= self._origins
        found = known.get(name) or known.get(name.removesuffix("_FILE"))
        if found:
            return found
        from difflib import get_close_matches

        path, colon, number = target.partition(":")
        files = ", ".join(self._files)
        near = get_close_matches(name, known, n=1) if not colon else []
        near = near or [
            each + colon + number for each in get_close_matches(path, self._files, n=1, cutoff=0.5)
        ]
        meant = f"did you mean {near[0]}?" if near else f"`entrykit env {self._role.name}` lists"
        raise UsageError(
            f"{display(target)}: no variable and no file of {self._role.name}; {meant}"
            + ("" if near else f" the variables, the files are {files}")
        )

    # tables

    def _summary(self) -> Iterator[str]:
        known = self._origins.values()
        yield from _table(
            ("VARIABLE", "VALUE", "FROM", "LINES"),
            *(
                (each.name, each.value, each.standing, self._line_counts(each.name))
                for each in known
            ),
        )
        yield ""
        yield from _table(
            ("FILE", "LINES", "OF VARIABLES THAT ARE SET", "OF DEFAULTS", "OF THE TEMPLATE"),
            *map(self._counts, self._files.values()),
        )

    def _counts(self, file: File) -> Sequence[str]:
        made = [self._line_category(names) for names in file.makers]
        counts = (str(made.count(share)) for share in ("set", "default", "template"))
        return file.path, str(len(made)), *counts

    def _line_category(self, names: Sequence[str]) -> str:
        if any(self._origins[name].is_set for name in names):
            return "set"
        return "default" if names else "template"

    def _line_counts(self, name: str) -> str:
        counts = {
            file.path: sum(name in names for names in file.makers) for file in self._files.values()
        }
        return ", ".join(f"{path} {count}" for path, count in counts.items() if count)

    # one variable

    def _describe_variable(self, origin: Origin) -> Iterator[str]:
        variable = origin.variable
        yield f"{origin.name}: {origin.value or 'not set'}"
        yield f"  from: {origin.standing}" if origin.value else f"  {origin.standing}"
        if variable.default is not None:
            yield f"  default: {variable.default}"
        yield from textwrap.wrap(
            f"{variable.text} ({variable.kind.name})",
            88, initial_indent="  ", subsequent_indent="  ",
        )  # fmt: skip
        if not origin.is_set:
            other = self._find_documented(origin)
            text = other.text if other else "…"
            yield f"  set it with {origin.name}={text}, or {origin.name}_FILE=/a/path"
        yield ""
        yield from self._describe_lines(origin)

    def _describe_lines(self, origin: Origin) -> Iterator[str]:
        rows = [
            (f"{file.path}:{number}", line)
            for file in self._files.values()
            for number, (line, names) in enumerate(zip(file.lines, file.makers, strict=True), 1)
            if origin.name in names
        ]
        yield "It makes these lines:" if rows else "It makes no line of the files."
        yield from _table(*rows, indent="  ")
        other = None if origin.is_set else self._find_documented(origin)
        if other:
            new = [
                (f"{path}:{number}", line)
                for path, number, line in self._added_lines(origin, other)
            ]
            yield from [f"{origin.name}={other.text} would make:"] if new else []
            yield from _table(*new, indent="  ")

    def _find_documented(self, origin: Origin) -> Variant | None:
        """Return a value that the documentation shows, and that is not in force."""
        known = (each for each in find_others(self._settings, origin) if each.text is not None)
        return next((each for each in known if not each.spare), None)

    def _added_lines(self, origin: Origin, other: Variant) -> list[tuple[str, int, str]]:
        with suppress(EntrykitError):  # it may want another variable as well, or a folder
            return [*added_lines(self._role, self._settings, origin, other)]
        return []

    # one line

    def _describe_line(self, file: File, number: int) -> Iterator[str]:
        yield f"{file.path}:{number}: {file.lines[number - 1]}"
        if headings := file.headings[number - 1]:
            yield f"  in: {' > '.join(headings)}"
        names = file.makers[number - 1]
        if not names:
            yield f"  {_TEMPLATE_LINE}"
        yield from self._legend(names)

    def _legend(self, names: Sequence[str]) -> Iterator[str]:
        known = (self._origins[name] for name in names)
        rows = [(each.name, each.value, each.standing) for each in known]
        return _table(*rows, indent="  ")

    # one file

    def _annotate(self, file: File) -> Iterator[str]:
        margins = [_margin(names) for names in file.makers]
        width = max(map(len, margins))
        digits = len(str(len(file.lines)))
        for number, (margin, line) in enumerate(zip(margins, file.lines, strict=True), start=1):
            yield f"{margin:{width}} {number:{digits}} | {line}".rstrip()
        yield ""
        used = {name for names in file.makers for name in names}
        yield from self._legend([name for name in self._origins if name in used])


def _parse_line_number(file: File, number: str) -> int:
    if number.isascii() and number.isdigit() and 1 <= int(number) <= len(file.lines):
        return int(number)
    raise UsageError(
        f"{file.path}:{display(number)}: no such line (expected 1 to {len(file.lines)})"
    )


def _margin(names: Sequence[str]) -> str:
    """Name as many makers as there is room for."""
    for count in range(len(names), 1, -1):
        more = f" +{len(names) - count}" if count < len(names) else ""
        text = ",".join(names[:count]) + more
        if len(text) <= _MAX_MARGIN:
            return text
    return "".join(names[:1]) + (f" +{len(names) - 1}" if len(names) > 1 else "")


def _table(*rows: Sequence[str], indent: str = "") -> Iterator[str]:
    """Write columns; the last one is as wide as it is."""
    if not rows:
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"{indent}{'  '.join(cells)}".rstrip()
