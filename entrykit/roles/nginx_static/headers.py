"""Response headers: those of NGINX_HEADERS, and the built-in ones for every site."""

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
_MAX_BYTES: Final = 4000  # below the limit of nginx.conf, even with some escapes
# nginx writes these itself; those about the body have to be true.
_NGINX_HEADERS: Final = frozenset(
    (
        *("accept-ranges", "connection", "content-encoding", "content-length", "content-range"),
        *("content-type", "date", "etag", "keep-alive", "last-modified", "location", "server"),
        *("transfer-encoding", "upgrade", "vary"),
    )
)


def parse_headers(text: str) -> Headers:
    """Read a map of header names to values, in JSON or YAML.

    Raises:
        InvalidValue: with everything that is wrong, in order.
    """
    from entrykit.variables.documents import parse_tree

    tree = parse_tree(text)
    if not isinstance(tree, tuple):
        raise InvalidValue(['not a map of headers (e.g. {"X-Robots-Tag": "noindex"})'])
    errors: list[str] = []
    seen: set[str] = set()
    for name, value in tree:
        reason = _check_name(name, seen) or _check_value(value)
        if reason:
            errors.append(f"{display(name)}: {reason}")
        seen.add(name.lower())
    if errors:
        raise InvalidValue(errors)
    return tuple((name, value) for name, value in tree if isinstance(value, str))


def merge_headers(*sets: Headers) -> Headers:
    """Merge sets by names in any case, the last one wins; an empty value removes a header."""
    found: dict[str, tuple[str, str]] = {}
    for name, value in (header for headers in sets for header in headers):
        found[name.lower()] = (name, value)
    return tuple(header for header in found.values() if header[1])


def _check_name(name: str, seen: set[str]) -> str | None:
    if not _is_name(name):
        return "not a header's name (expected letters, digits and -)"
    if name.lower() in _NGINX_HEADERS:
        return "nginx's own (expected another header)"
    return "given twice (expected each header once)" if name.lower() in seen else None


def _check_value(value: object) -> str | None:
    if not isinstance(value, str):
        return "not text (expected text; empty to remove the header)"
    if any(char < " " or char == "\x7f" for char in value):
        return "has a control character or more than one line"
    if "$" in value:
        return "has a $, which begins a variable in nginx (expected none)"
    if len(value.encode()) > _MAX_BYTES:
        return f"longer than {_MAX_BYTES} bytes"
    return None
