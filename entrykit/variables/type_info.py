"""The metadata of a variable's type: how its text is parsed, and how it is documented."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, get_args

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic.fields import FieldInfo
    from pydantic_core import CoreSchema


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """Metadata of a type, as in `Annotated[int, TypeInfo("percentage", parse=percent)]`.

    Attributes:
        name: a word or two for the table of variables.
        schema: the JSON Schema of the variable's text.
        secret: whether the value is masked, and removed from the environment of the daemon.
        parse: from the text of the variable to its value, raising `InvalidValue`: a function of a
            module or a `functools.partial` of one, so that a model can be built ahead of time.
            None where a validator of pydantic stands beside this.
        may_be_empty: for a secret, whether an empty `X_FILE` leaves X unset; it is an error
            otherwise, because a daemon without its password may admit everyone.
        is_path: whether the value is a path, so that `X_FILE` was probably meant to be X.
    """

    name: str
    schema: Mapping[str, object] = field(default_factory=lambda: {"type": "string"}, hash=False)
    secret: bool = False
    parse: Callable[[str], object] | None = None
    may_be_empty: bool = False
    is_path: bool = False

    @property
    def refuses_empty_file(self) -> bool:
        """Whether an empty `X_FILE` is an error."""
        return self.secret and not self.may_be_empty

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Have pydantic call `parse`, and nothing besides."""
        if self.parse is None:
            return handler(source)
        from pydantic_core.core_schema import no_info_plain_validator_function

        return no_info_plain_validator_function(self.parse)


def type_info(field: FieldInfo) -> TypeInfo:
    """Return the metadata of a field's type.

    A choice is a Literal, with or without None; everything else has a `TypeInfo`, of which the
    outermost counts.

    Raises:
        StopIteration: it has none.
    """
    found = [*field.metadata]
    for part in (field.annotation, *get_args(field.annotation)):
        found += getattr(part, "__metadata__", ())
        if choices := [arg for arg in get_args(part) if isinstance(arg, str)]:
            return TypeInfo(" or ".join(choices), {"enum": choices})
    return next(each for each in reversed(found) if isinstance(each, TypeInfo))
