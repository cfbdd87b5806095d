"""Fields of settings that hold secrets: whether their values would be masked everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from entrykit.errors import RoleError
from entrykit.variables.secret import Secret, Snippet, WholeFile
from entrykit.variables.type_info import type_info

if TYPE_CHECKING:
    from pydantic import BaseModel

_PRIVATE = (Secret, Snippet, WholeFile)


def secret_errors(model: type[BaseModel]) -> Iterator[str]:
    """Yield a message for each field that says it is secret and has values that are not masked.

    The other way round as well: where the value is a `Secret` and the type does not say so, the
    variable would be handed over to the daemon.
    """
    for name, field in model.model_fields.items():
        secret = type_info(field).secret
        for kind in _classes(field.annotation):
            private = isinstance(kind, type) and issubclass(kind, _PRIVATE)
            if secret and not private:
                shown = getattr(kind, "__name__", str(kind))
                yield f"{name}: secret=True, but the value is of type {shown} (expected Secret)"
            elif private and not secret:
                yield f"{name}: the value is a Secret, but secret=True is missing"
        if secret and isinstance(field.default, str) and not isinstance(field.default, _PRIVATE):
            yield f"{name}: the default is not a Secret (expected Secret(…) or None)"


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
