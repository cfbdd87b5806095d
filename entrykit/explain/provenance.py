"""The value of each variable, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from entrykit.display import display
from entrykit.explain.reference import Variable, variables
from entrykit.variables.env_files import Assignment
from entrykit.variables.reading import Reading
from entrykit.variables.secret import MASK
from entrykit.variables.settings import Settings


@dataclass(frozen=True, slots=True)
class Origin:
    """The value of one variable and its source.

    Attributes:
        variable: the variable, as documented.
        text: the text that was set; None if unset.
        source: where it was set; why it counts as unset although something was set.
    """

    variable: Variable
    text: str | None
    source: str

    @property
    def name(self) -> str:
        """The name of the variable."""
        return self.variable.name

    @property
    def is_set(self) -> bool:
        """Whether it was set, even to the default."""
        return self.text is not None

    @property
    def value(self) -> str:
        """The value to display, masked if it is a secret or raw lines; empty for no value."""
        if self.text is None:
            return self.variable.default or ""
        if self.variable.kind.secret:
            return MASK
        return self.text if _is_plain(self.text) else display(self.text)

    @property
    def provenance(self) -> str:
        """Where the value comes from, in a few words."""
        if self.is_set:
            return self.source
        kind = "default" if self.variable.default else "not set"
        return f"{kind} ({self.source})" if self.source else kind


def find_origins(
    model: type[Settings], assignments: Mapping[str, Assignment], reading: Reading
) -> dict[str, Origin]:
    """Find the value and the source of each variable of a model.

    Args:
        model: the settings model of a role.
        assignments: the result of `entrykit.variables.env_files.overlay_assignments`.
        reading: what was read from it.

    Returns:
        The variables by name: those that are set, then the others.
    """
    found = [
        Origin(each, reading.values.get(each.name), _find_source(each.name, assignments, reading))
        for each in variables(model)
    ]
    return {each.name: each for each in sorted(found, key=lambda each: not each.is_set)}


def _find_source(name: str, assignments: Mapping[str, Assignment], reading: Reading) -> str:
    alias = reading.aliases.get(name)
    source = _describe_source(name, alias or name, assignments, reading)
    return f"{source}, as {alias}" if alias else source


def _describe_source(
    name: str, key: str, assignments: Mapping[str, Assignment], reading: Reading
) -> str:
    given, file = assignments.get(key), assignments.get(f"{key}_FILE")
    if file and file.text:
        description = f"file {display(file.text)} ({key}_FILE, {file.place})"
        return description if name in reading.values else f"{description} is empty"
    if given is None:
        return ""
    if name in reading.values:
        return given.place
    return f"{given.place}: {'a service link' if given.text else 'empty'}"


def _is_plain(text: str) -> bool:
    """Whether the text can be shown unquoted: short, with nothing to escape."""
    return display(text) == f'"{text}"' and text == text.strip()
