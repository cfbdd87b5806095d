"""Other values that a variable could have: what they would change tells what it makes.

Each is a text that the variable's own type takes, so nothing is tried that nobody could set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from entrykit.explain.reference import Variable

# For what has no default to go back to: nothing in it is like what people have.
_UNUSUAL: Final = (
    "other.example",
    "other:other.example",
    '{"other": {"domains": ["*.other.example"], "tls": "passthrough", "check": "/"}}',
    '{"X-Other": ["other"]}',
    '[{"name": "other"}]',
    "/other",
    "other",
    "7",
)
_ARBITRARY_TYPES: Final = ConfigDict(arbitrary_types_allowed=True)


@dataclass(frozen=True, slots=True)
class Variant:
    """A value that a variable could have.

    Attributes:
        text: as it would be set; None for what holds where nothing is set.
        value: what the settings would have.
        spare: whether it is of use only where no other changes anything: people set what the
            documentation shows, and a role may do by itself what its example says.
    """

    text: str | None
    value: object
    spare: bool = False


def find_variants(
    variable: Variable, field: FieldInfo, value: object, text: str | None
) -> list[Variant]:
    """Return values that differ from the one in force, and from each other.

    They are the default; the examples, of which a role may have several; each choice, where
    there are choices; and what is a little different and what is strange. These are spare,
    unless there is no default, or a secret is set: by them it is known where its text went.

    Args:
        variable: as the reference has it.
        field: the same, as the model has it.
        value: what is in force.
        text: as it was given; None where it was not.
    """
    adapter: TypeAdapter[object] = TypeAdapter(field.rebuild_annotation(), config=_ARBITRARY_TYPES)
    found: list[Variant] = []
    if text is not None and not field.is_required() and field.default != value:
        found.append(Variant(None, field.default))
    _collect(adapter, _documented_values(variable, field), value, found)
    needed = field.is_required() or (variable.kind.secret and text is not None)
    odd = [*_similar_values(text or variable.default or ""), *_UNUSUAL]
    _collect(adapter, odd, value, found, spare=not needed)
    return found


def _documented_values(variable: Variable, field: FieldInfo) -> Iterator[str]:
    yield from map(str, field.examples or ())
    choices = variable.kind.schema.get("enum", ())
    if isinstance(choices, list):
        yield from (choice for choice in choices if isinstance(choice, str))


def _similar_values(text: str) -> tuple[str, ...]:
    """Return a longer word or a higher number; the last is for one that is the highest."""
    return f"1{text}", f"{text}1", text[:-1]


def _collect(
    adapter: TypeAdapter[object], texts: Iterator[str] | list[str], value: object,
    found: list[Variant], *, spare: bool = False,
) -> None:  # fmt: skip
    for text in texts:
        try:
            other = adapter.validate_python(text)
        except ValidationError:
            continue
        if other != value and all(other != each.value for each in found):
            found.append(Variant(text, other, spare))
