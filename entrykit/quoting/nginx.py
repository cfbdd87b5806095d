"""Quote for nginx.conf and nginx's map files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from entrykit.quoting.base import QuotedText, QuotingError, describe_value, to_text
from entrykit.variables.secret import Snippet

# Characters that mean themselves in nginx.conf, in a parameter of any directive.
_is_bare: Final = re.compile(r"[A-Za-z0-9._:/,@=+\[\]-]+").fullmatch
_is_domain: Final = re.compile(r"[a-z0-9.*-]+").fullmatch
_MAX_BYTES: Final = 4094  # between quotes: more is "too long parameter"
# A map reads these as directives (ngx_http_map_module), unless a backslash precedes them.
_RESERVED: Final = frozenset({"default", "hostnames", "include", "volatile"})


def quote_nginx(value: object) -> str:
    """Quote one word of nginx.conf.

    Between double quotes a backslash escapes a quote and itself. A $ begins a variable,
    whatever precedes it, and is refused.
    """
    if isinstance(value, Snippet | QuotedText):
        return value
    text = value if type(value) is str else to_text(value)
    if _is_bare(text) and len(text) <= _MAX_BYTES:
        return text
    if "$" in text:
        raise QuotingError(
            f"{describe_value(value)}: nginx.conf cannot hold it: a $ begins a variable"
        )
    return _quote(text, value)


def quote_nginx_literal(text: str) -> QuotedText:
    """Quote a word where nginx has no variables, as in the values of a geo: $ means itself."""
    return QuotedText(_quote(text, text))


def quote_nginx_path(folder: str, rest: str) -> QuotedText:
    """Quote a path that begins with a literal and ends with variables of nginx.

    A $ of the literal becomes `${dollar}`: the file needs `geo $dollar { default "$"; }`.
    """
    return QuotedText(_quote(folder, folder).replace("$", "${dollar}")[:-1] + f'{rest}"')


def quote_nginx_map(value: object) -> str:
    """Write the lines that a map of nginx includes; `value` maps keys to values.

    A key means itself, except reserved words and the ~ of regular expressions, which a
    backslash escapes. In a value, $ begins a variable.
    """
    if not isinstance(value, Mapping):
        raise QuotingError(f"{describe_value(value)}: not a map")
    return "\n".join([f"{_quote_key(key)} {quote_nginx(text)};" for key, text in value.items()])


def _quote_key(key: str) -> str:
    if key in _RESERVED or key.startswith(("~", "\\")):
        return _quote(f"\\{key}", key)
    return key if len(key) <= _MAX_BYTES and _is_domain(key) else _quote(key, key)


def _quote(text: str, value: object) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    if "\0" in text:
        raise QuotingError(f"{describe_value(value)}: nginx.conf cannot hold it: a NUL")
    if len(escaped.encode()) > _MAX_BYTES:
        raise QuotingError(
            f"{describe_value(value)}: nginx.conf cannot hold it: more than {_MAX_BYTES} bytes"
        )
    return f'"{escaped}"'
