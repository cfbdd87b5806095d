"""Response headers that people choose: NGINX_HEADERS, and those that we think every site wants."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from entrykit.display import display
from entrykit.errors import InvalidValue

Headers: TypeAlias = tuple[tuple[str, str], ...]

SECURITY_HEADERS: Final[Headers] = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
)

_is_name: Final = re.compile(r"[A-Za-z0-9-]{1,100}").fullmatch
_MAX_BYTES: Final = 4000  # octets, below what nginx.conf can hold even with some escapes
# nginx writes these itself, and what it says about the body has to be true.
_NGINX_HEADERS: Final = frozenset(
    (
        *("accept-ranges", "connection", "content-encoding", "content-length", "content-range"),
        *("content-type", "date", "etag", "keep-alive", "last-modified", "location", "server"),
        *("transfer-encoding", "upgrade", "vary"),
    )
)


def headers(text: str) -> Headers:
    """Read a map of header names to values, in JSON or YAML.

    Raises:
        Faults: with everything that is wrong, in order.
    """
    from entrykit.variables.documents import parse_tree

    tree = parse_tree(text)
    if not isinstance(tree, tuple):
        raise InvalidValue(['not a map of headers (expected {"X-Robots-Tag": "noindex"}, say)'])
    faults: list[str] = []
    seen: set[str] = set()
    for name, value in tree:
        reason = _check_name(name, seen) or _check_value(value)
        if reason:
            faults.append(f"{display(name)}: {reason}")
        seen.add(name.lower())
    if faults:
        raise InvalidValue(faults)
    return tuple((name, value) for name, value in tree if isinstance(value, str))


def merge_headers(*sets: Headers) -> Headers:
    """Lay sets over each other, by names in any case; an empty value takes a header away."""
    found: dict[str, tuple[str, str]] = {}
    for name, value in (header for headers in sets for header in headers):
        found[name.lower()] = (name, value)
    return tuple(header for header in found.values() if header[1])


def _check_name(name: str, seen: set[str]) -> str | None:
    if not _is_name(name):
        return "not a header's name (expected letters, digits and -)"
    if name.lower() in _NGINX_HEADERS:
        return "nginx's own (expected another header)"
    return "there twice (expected each header once)" if name.lower() in seen else None


def _check_value(value: object) -> str | None:
    if not isinstance(value, str):
        return "not a text (expected one, or an empty one for no such header)"
    if any(char < " " or char == "\x7f" for char in value):
        return "has a control character or more than one line"
    if "$" in value:
        return "has a $, with which nginx begins a variable (expected none)"
    if len(value.encode()) > _MAX_BYTES:
        return f"longer than {_MAX_BYTES} bytes"
    return None
