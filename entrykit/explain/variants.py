"""Other values of a variable, to find out which lines they change.

Each is a text that the type of the variable accepts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from entrykit.explain.reference import Variable

# For variables without a default: values unlike any real one.
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
    """Another value of a variable.

    Attributes:
        text: as it would be set; None for the default of an unset variable.
        value: the value in the settings.
        fallback: whether to try it only if no other variant changes the files, as when the
            variable is set to its documented example.
    """

    text: str | None
    value: object
    fallback: bool = False


def find_variants(
    variable: Variable, field: FieldInfo, value: object, text: str | None
) -> list[Variant]:
    """Return values that differ from the current one, and from each other.

    They are the default, the documented examples, every choice, similar values and unusual ones.
    The last two are fallbacks, unless the variable has no default or is a secret that is set:
    only they then show where its text ends up.

    Args:
        variable: the variable, as documented.
        field: its field in the model.
        value: the current value.
        text: the text that was set; None if unset.
    """
    adapter: TypeAdapter[object] = TypeAdapter(field.rebuild_annotation(), config=_ARBITRARY_TYPES)
    found: list[Variant] = []
    if text is not None and not field.is_required() and field.default != value:
        found.append(Variant(None, field.default))
    _collect(adapter, _documented_values(variable, field), value, found)
    needed = field.is_required() or (variable.kind.secret and text is not None)
    odd = [*_similar_values(text or variable.default or ""), *_UNUSUAL]
    _collect(adapter, odd, value, found, fallback=not needed)
    return found


def _documented_values(variable: Variable, field: FieldInfo) -> Iterator[str]:
    yield from map(str, field.examples or ())
    choices = variable.kind.schema.get("enum", ())
    if isinstance(choices, list):
        yield from (choice for choice in choices if isinstance(choice, str))


def _similar_values(text: str) -> tuple[str, ...]:
    """Return a longer word or a higher number, and a shorter one for the highest number."""
    return f"1{text}", f"{text}1", text[:-1]


def _collect(
    adapter: TypeAdapter[object], texts: Iterator[str] | list[str], value: object,
    found: list[Variant], *, fallback: bool = False,
) -> None:  # fmt: skip
    for text in texts:
        try:
            other = adapter.validate_python(text)
        except ValidationError:
            continue
        if other != value and all(other != each.value for each in found):
            found.append(Variant(text, other, fallback))
