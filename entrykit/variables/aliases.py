"""Short names of variables: read where the documented, prefixed name is not set.

A short name such as PORT is one that a platform or another program may set for a purpose of
its own, so the documented name carries a prefix.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


class Alias:
    """Mark a field as readable by other names too: `Annotated[types.Port, Alias("PORT")]`."""

    def __init__(self, *names: str) -> None:
        self.names = names


def aliases(fields: Mapping[str, FieldInfo]) -> dict[str, tuple[str, ...]]:
    """Map the name of each variable that has aliases to them."""
    marks = {name.upper(): _alias_names(field.metadata) for name, field in fields.items()}
    return {name: names for name, names in marks.items() if names}


def _alias_names(metadata: Iterable[object]) -> tuple[str, ...]:
    return next((mark.names for mark in metadata if isinstance(mark, Alias)), ())
