"""Filters with which user-supplied templates quote a value for the format of their file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Final

from jinja2 import Undefined

from entrykit.quoting.base import Quote, QuotedText, QuotingError
from entrykit.quoting.haproxy import quote_haproxy
from entrykit.quoting.nginx import quote_nginx

# YAML: what is not printable, and line breaks (YAML 1.2, 5.1 and 5.4). JSON escapes what is below
# U+0020; the escape is the same in TOML and YAML.
_SPECIAL: Final = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def to_json(value: object) -> str:
    """Return a value as JSON, on one line."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise QuotingError(f"JSON cannot express it: {error}") from None


def to_yaml(value: object) -> str:
    """Return a value in YAML's flow style, which is JSON except for a few characters.

    PyYAML reads it back: a value that it would read as another one is refused.
    """
    import yaml

    text = _escape(to_json(value))
    try:
        same = yaml.safe_load(text) == json.loads(text)
    except yaml.YAMLError:
        same = False
    if not same:
        raise QuotingError("YAML cannot express it")
    return text


def to_toml(value: object) -> str:
    """Return a TOML value: a text, a number, true or false, or a list of these."""
    import tomllib

    text = _escape(to_json(value))
    try:
        same = tomllib.loads(f"x = {text}")["x"] == json.loads(text)
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        raise QuotingError(
            "TOML cannot express it (expected a text, a number, a boolean or a list)"
        )
    return text


def to_shell(value: object) -> str:
    """Quote one word of a shell script (POSIX, "Shell Command Language", 2.2.2)."""
    import shlex

    text = _text(value)
    if "\0" in text:
        raise QuotingError("a shell script cannot express it: a NUL")
    return shlex.quote(text)


def to_haproxy(value: object) -> str:
    """Quote one word of haproxy.cfg."""
    return quote_haproxy(_text(value))


def to_nginx(value: object) -> str:
    """Quote one word of nginx.conf."""
    return quote_nginx(_text(value))


def to_text(value: object) -> str:
    """Return the value of an expression as it is: a text or a number, in any format.

    Raises:
        QuotingError: it is something else, which each format writes in another way.
    """
    if isinstance(value, Undefined):
        return str(value)  # raises here, or records that it is missing
    return _text(value)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if type(value) in {int, float}:
        return str(value)
    raise QuotingError(
        f"{type(value).__name__}: not a text or a number (expected a filter: | json)"
    )


def _escape(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _make_filter(quote: Quote) -> Callable[[object], str]:
    def apply(value: object) -> str:
        return QuotedText(str(value) if isinstance(value, Undefined) else quote(value))

    return apply


FILTERS: Final[Mapping[str, Callable[[object], str]]] = {
    "json": _make_filter(to_json),
    "yaml": _make_filter(to_yaml),
    "toml": _make_filter(to_toml),
    "shell": _make_filter(to_shell),
    "haproxy": _make_filter(to_haproxy),
    "nginx": _make_filter(to_nginx),
}
