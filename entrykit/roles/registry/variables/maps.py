"""Variables that hold maps, in JSON or YAML."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import PlainValidator

from entrykit.display import display_key
from entrykit.errors import InvalidValue
from entrykit.roles.registry.variables.sensitive import SensitiveTree
from entrykit.variables import schema
from entrykit.variables.documents import TypedTree
from entrykit.variables.types import TypeInfo

_HEADERS_EXAMPLE: Final = '{"X-Frame-Options": "DENY"}'
_is_header: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+").fullmatch  # RFC 9110, 5.6.2


def parse_headers(text: str) -> dict[str, TypedTree]:
    """Parse response headers: a map of names to values, or to lists of them."""
    return check_headers(schema.parse_map(text, _HEADERS_EXAMPLE))


def check_headers(value: TypedTree) -> dict[str, TypedTree]:
    """Check such a map that has been parsed; each name gets a list of values."""
    headers = schema.check_map(value, f"e.g. {_HEADERS_EXAMPLE}")
    checked = schema.check_parts(
        (display_key(name), _check_values if _is_header(name) else _refuse_name, values)
        for name, values in headers.items()
    )
    return dict(zip(headers, checked, strict=True))


def _check_values(value: TypedTree) -> TypedTree:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) and each.isprintable() for each in values):
        raise InvalidValue(["not a string or a list of strings (expected values in quotes)"])
    return [*values]


def _refuse_name(_value: TypedTree) -> TypedTree:
    raise InvalidValue(["not the name of a header (expected e.g. X-Name)"])


def parse_fields(text: str) -> dict[str, TypedTree]:
    """Parse a map of names to scalars."""
    fields = schema.parse_map(text, '{"service": "registry"}')
    schema.check_parts(
        (display_key(name), schema.check_scalar, value) for name, value in fields.items()
    )
    return fields


def parse_extra(text: str) -> SensitiveTree:
    """Parse a part of config.yml itself: a map."""
    return SensitiveTree(text, schema.parse_map(text, "http: {headers: {X-Name: [value]}}"))


Headers = Annotated[dict[str, object], PlainValidator(parse_headers), TypeInfo("map")]
Fields = Annotated[dict[str, object], PlainValidator(parse_fields), TypeInfo("map")]
Extra = Annotated[
    SensitiveTree, PlainValidator(parse_extra), TypeInfo("YAML map", secret=True, may_be_empty=True)
]
