"""Variables that hold maps, in JSON or YAML."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import PlainValidator

from entrykit.display import shown, shown_key
from entrykit.errors import Faults
from entrykit.roles.registry.variables.sensitive import Hidden
from entrykit.variables.documents import Typed, parse_typed
from entrykit.variables.types import Kind

_is_header: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+").fullmatch  # RFC 9110, 5.6.2


def headers(text: str) -> dict[str, Typed]:
    """Read response headers: a map of names to values, or to lists of them."""
    return header_map(_map(text, '{"X-Frame-Options": "DENY"}'))


def header_map(tree: Typed) -> dict[str, Typed]:
    """Judge such a map that has been read.

    Raises:
        Faults: it is none, or a name or a value is not one of HTTP's.
    """
    if not isinstance(tree, dict):
        raise Faults(["not a map of headers"])
    found: dict[str, Typed] = {}
    for name, value in tree.items():
        values = value if isinstance(value, list) else [value]
        if not _is_header(name):
            raise Faults([f"{shown_key(name)}: not a header's name (expected X-Name, say)"])
        if not all(isinstance(each, str) and each.isprintable() for each in values):
            raise Faults([f"{shown(name)}: not a text or a list of texts (expected quotes)"])
        found[name] = [*values]
    return found


def fields(text: str) -> dict[str, Typed]:
    """Read a map of names to plain values."""
    tree = _map(text, '{"service": "registry"}')
    for name, value in tree.items():
        if isinstance(value, dict | list):
            raise Faults([f"{shown(name)}: not a plain value (expected a text or a number)"])
    return tree


def extra(text: str) -> Hidden:
    """Read a part of config.yml itself: a map."""
    return Hidden(text, _map(text, "http: {headers: {X-Name: [value]}}"))


def _map(text: str, example: str) -> dict[str, Typed]:
    tree = parse_typed(text)
    if not isinstance(tree, dict):
        raise Faults([f"not a map (expected {example}, say)"])
    return tree


Headers = Annotated[dict[str, object], PlainValidator(headers), Kind("map")]
Fields = Annotated[dict[str, object], PlainValidator(fields), Kind("map")]
Extra = Annotated[Hidden, PlainValidator(extra), Kind("YAML map", secret=True)]
