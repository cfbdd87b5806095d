"""The metadata of a field of settings: how its text is parsed and documented, and other names.

A short name such as PORT is one that a platform or another program may set for a purpose of
its own, so the documented name carries a prefix, and the short one is an alias.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from entrykit.errors import RoleError
from entrykit.variables.secret import Secret, Snippet, WholeFile

if TYPE_CHECKING:
    from pydantic import BaseModel, GetCoreSchemaHandler
    from pydantic.fields import FieldInfo
    from pydantic_core import CoreSchema

_PRIVATE = (Secret, Snippet, WholeFile)


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
    for part in (field.annotation, *get_args(field.annotation)):
        if choices := [arg for arg in get_args(part) if isinstance(arg, str)]:
            return TypeInfo(" or ".join(choices), {"enum": choices})
    return next(each for each in reversed(_metadata(field)) if isinstance(each, TypeInfo))


def _metadata(field: FieldInfo) -> list[object]:
    """Return the metadata of a field, and of the parts of its annotation."""
    found = [*field.metadata]
    for part in (field.annotation, *get_args(field.annotation)):
        found += getattr(part, "__metadata__", ())
    return found


class Alias:
    """Mark a field as readable by other names too: `Annotated[types.Port, Alias("PORT")]`."""

    def __init__(self, *names: str) -> None:
        self.names = names


def aliases(fields: Mapping[str, FieldInfo]) -> dict[str, tuple[str, ...]]:
    """Map the name of each variable that has aliases to them."""
    marks = {name.upper(): _alias_names(_metadata(field)) for name, field in fields.items()}
    return {name: names for name, names in marks.items() if names}


def _alias_names(metadata: Iterable[object]) -> tuple[str, ...]:
    return next((mark.names for mark in metadata if isinstance(mark, Alias)), ())


def secret_errors(model: type[BaseModel]) -> Iterator[str]:
    """Yield a message for each field that says it is secret and has values that are not masked.

    The other way round as well: where the value is a `Secret` and the type does not say so, the
    variable would be handed over to the daemon.
    """
    for name, info in model.model_fields.items():
        secret = type_info(info).secret
        for kind in _classes(info.annotation):
            private = isinstance(kind, type) and issubclass(kind, _PRIVATE)
            if secret and not private:
                shown = getattr(kind, "__name__", str(kind))
                yield f"{name}: secret=True, but the value is of type {shown} (expected Secret)"
            elif private and not secret:
                yield f"{name}: the value is a Secret, but secret=True is missing"
        if _holds_secrets(info.annotation):
            yield f"{name}: secrets within another type are not masked (expected a kind of Secret)"
        if secret and isinstance(info.default, str) and not isinstance(info.default, _PRIVATE):
            yield f"{name}: the default is not a Secret (expected Secret(…) or None)"


def _holds_secrets(annotation: object) -> bool:
    """Whether a type is made of secrets, and is none itself: `list[Secret]`."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _holds_secrets(parts[0])
    if origin in (Union, UnionType):
        return any(map(_holds_secrets, parts))
    within = [kind for part in parts for kind in _classes(part)]
    return any(isinstance(kind, type) and issubclass(kind, _PRIVATE) for kind in within) or any(
        _holds_secrets(part) for part in parts
    )


def check_secret_values(settings: BaseModel) -> None:
    """Refuse a secret that its type has parsed into something that is not masked.

    Raises:
        RoleError: the parsing function returns another type than its annotation says.
    """
    fields = type(settings).model_fields
    for name in sorted(settings.model_fields_set):
        value: Any = getattr(settings, name)
        if type_info(fields[name]).secret and not isinstance(value, (*_PRIVATE, NoneType)):
            shown = type(value).__name__
            raise RoleError([f"{name}: a secret is parsed into type {shown} (expected Secret)"])


def _classes(annotation: object) -> Iterator[object]:
    """Yield the types that an annotation is made of, without None."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _classes(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for part in get_args(annotation):
            yield from _classes(part)
    elif annotation is not NoneType:
        yield origin or annotation
