"""Variables that hold maps, in JSON or YAML."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import PlainValidator

from entrykit.display import display, display_key
from entrykit.errors import InvalidValue
from entrykit.roles.registry.variables.sensitive import SensitiveTree
from entrykit.variables.documents import TypedTree, parse_typed
from entrykit.variables.types import TypeInfo

_is_header: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+").fullmatch  # RFC 9110, 5.6.2


def parse_headers(text: str) -> dict[str, TypedTree]:
    """Read response headers: a map of names to values, or to lists of them."""
    return check_header_map(_parse_map(text, '{"X-Frame-Options": "DENY"}'))


def check_header_map(tree: TypedTree) -> dict[str, TypedTree]:
    """Judge such a map that has been read.

    Raises:
        Faults: it is none, or a name or a value is not one of HTTP's.
    """
    if not isinstance(tree, dict):
        raise InvalidValue(["not a map of headers"])
    found: dict[str, TypedTree] = {}
    for name, value in tree.items():
        values = value if isinstance(value, list) else [value]
        if not _is_header(name):
            raise InvalidValue([f"{display_key(name)}: not a header's name (expected X-Name, say)"])
        if not all(isinstance(each, str) and each.isprintable() for each in values):
            raise InvalidValue(
                [f"{display(name)}: not a text or a list of texts (expected quotes)"]
            )
        found[name] = [*values]
    return found


def parse_fields(text: str) -> dict[str, TypedTree]:
    """Read a map of names to plain values."""
    tree = _parse_map(text, '{"service": "registry"}')
    for name, value in tree.items():
        if isinstance(value, dict | list):
            raise InvalidValue(
                [f"{display(name)}: not a plain value (expected a text or a number)"]
            )
    return tree


def parse_extra(text: str) -> SensitiveTree:
    """Read a part of config.yml itself: a map."""
    return SensitiveTree(text, _parse_map(text, "http: {headers: {X-Name: [value]}}"))


def _parse_map(text: str, example: str) -> dict[str, TypedTree]:
    tree = parse_typed(text)
    if not isinstance(tree, dict):
        raise InvalidValue([f"not a map (expected {example}, say)"])
    return tree


Headers = Annotated[dict[str, object], PlainValidator(parse_headers), TypeInfo("map")]
Fields = Annotated[dict[str, object], PlainValidator(parse_fields), TypeInfo("map")]
Extra = Annotated[
    SensitiveTree, PlainValidator(parse_extra), TypeInfo("YAML map", secret=True, may_be_empty=True)
]
