"""What each variable is, and where it came from."""

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
    """One variable in force.

    Attributes:
        variable: as the reference has it.
        text: as it was given; None where it is not set.
        place: where that was said; how it comes to be unset, where somebody tried.
    """

    variable: Variable
    text: str | None
    place: str

    @property
    def name(self) -> str:
        """The variable's name."""
        return self.variable.name

    @property
    def is_set(self) -> bool:
        """Whether it was given, be it the same as the default."""
        return self.text is not None

    @property
    def value(self) -> str:
        """What holds, for people: a secret and raw lines only as a mask, nothing for none."""
        if self.text is None:
            return self.variable.default or ""
        if self.variable.kind.secret:
            return MASK
        return self.text if _is_plain(self.text) else display(self.text)

    @property
    def standing(self) -> str:
        """Where the value comes from, in a few words."""
        if self.is_set:
            return self.place
        kind = "default" if self.variable.default else "not set"
        return f"{kind} ({self.place})" if self.place else kind


def origins(
    model: type[Settings], laid: Mapping[str, Assignment], reading: Reading
) -> dict[str, Origin]:
    """Say of each variable of a model what it is and where that comes from.

    Args:
        model: whose variables; the role's own come first.
        laid: what `entrykit.variables.env_files.placed` gave.
        reading: what was read of it.

    Returns:
        The variables by their names: those that are set, and then the others.
    """
    found = [
        Origin(each, reading.values.get(each.name), _place(each.name, laid, reading))
        for each in variables(model)
    ]
    return {each.name: each for each in sorted(found, key=lambda each: not each.is_set)}


def _place(name: str, laid: Mapping[str, Assignment], reading: Reading) -> str:
    alias = reading.aliases.get(name)
    place = _source(name, alias or name, laid, reading)
    return f"{place}, as {alias}" if alias else place


def _source(name: str, key: str, laid: Mapping[str, Assignment], reading: Reading) -> str:
    given, file = laid.get(key), laid.get(f"{key}_FILE")
    if file and file.text:
        said = f"{display(file.text)}, the file of {key}_FILE ({file.place})"
        return said if name in reading.values else f"{said}, is empty"
    if given is None:
        return ""
    if name in reading.values:
        return given.place
    return f"{given.place}: {'a service link' if given.text else 'empty'}"


def _is_plain(text: str) -> bool:
    """Whether it can be shown as it is: short, and with nothing that `shown` would escape."""
    return display(text) == f'"{text}"' and text == text.strip()
