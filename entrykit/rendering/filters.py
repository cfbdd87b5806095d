"""Filters by which a template of a person's own quotes a value for the format that it stands in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Final

from jinja2 import Undefined

from entrykit.quoting.base import Quote, QuotedText, QuotingError
from entrykit.quoting.haproxy import quote_haproxy
from entrykit.quoting.nginx import quote_nginx

# YAML: printable characters without the ends of lines (YAML 1.2, 5.1 and 5.4). JSON escapes those
# below U+0020; TOML and YAML know the escape by the same name.
_SPECIAL: Final = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def to_json(value: object) -> str:
    """Write a value as JSON, on one line."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise QuotingError(f"JSON cannot hold it: {error}") from None


def to_yaml(value: object) -> str:
    """Write a value as YAML's flow style, which is JSON but for a few characters.

    PyYAML reads it back: what it would take for something else is refused.
    """
    import yaml

    text = _escape(to_json(value))
    try:
        same = yaml.safe_load(text) == json.loads(text)
    except yaml.YAMLError:
        same = False
    if not same:
        raise QuotingError("YAML cannot hold it")
    return text


def to_toml(value: object) -> str:
    """Write a value of TOML: a text, a number, true or false, or a list of these."""
    import tomllib

    text = _escape(to_json(value))
    try:
        same = tomllib.loads(f"x = {text}")["x"] == json.loads(text)
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        raise QuotingError("TOML cannot hold it (expected a text, a number, a switch or a list)")
    return text


def to_shell(value: object) -> str:
    """Quote one word of a shell script (POSIX, "Shell Command Language", 2.2.2)."""
    import shlex

    text = _text(value)
    if "\0" in text:
        raise QuotingError("a shell script cannot hold it: a NUL")
    return shlex.quote(text)


def to_haproxy(value: object) -> str:
    """Quote one word of haproxy.cfg."""
    return quote_haproxy(_text(value))


def to_nginx(value: object) -> str:
    """Quote one word of nginx.conf."""
    return quote_nginx(_text(value))


def to_text(value: object) -> str:
    """Write what an expression gives: texts and numbers as they are, of any format.

    Raises:
        QuotingError: it is something else, for which formats have words of their own.
    """
    if isinstance(value, Undefined):
        return str(value)  # raises here, with the name, or notes that it is missing
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
    def quoted(value: object) -> str:
        return QuotedText(str(value) if isinstance(value, Undefined) else quote(value))

    return quoted


FILTERS: Final[Mapping[str, Callable[[object], str]]] = {
    "json": _make_filter(to_json),
    "yaml": _make_filter(to_yaml),
    "toml": _make_filter(to_toml),
    "shell": _make_filter(to_shell),
    "haproxy": _make_filter(to_haproxy),
    "nginx": _make_filter(to_nginx),
}
