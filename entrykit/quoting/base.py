"""One function per target format: from a value to text that means that value and nothing else.

What a format cannot express is refused, never escaped by hope.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from entrykit.display import shown
from entrykit.variables.secret import Secret, Snippet

Quote = Callable[[object], str]

# Characters that mean themselves everywhere in haproxy.cfg, also between double
# quotes and in a log-format string.
_bare: Final = re.compile(r"[A-Za-z0-9._:/,@*=+\[\]-]+").fullmatch
_map_key: Final = re.compile(r"[^\s#\x00-\x1f\x7f][^\s\x00-\x1f\x7f]*").fullmatch
_map_value: Final = re.compile(r"[^\s\x00-\x1f\x7f]+(?: +[^\s\x00-\x1f\x7f]+)*").fullmatch

# The same for nginx.conf, where a word may also be a parameter of any directive.
_nginx_bare: Final = re.compile(r"[A-Za-z0-9._:/,@=+\[\]-]+").fullmatch
_nginx_domain: Final = re.compile(r"[a-z0-9.*-]+").fullmatch
# The same for certbot's ini.
_certbot_bare: Final = re.compile(r"[A-Za-z0-9._:/,@%+=-]+").fullmatch
_NGINX_LONGEST: Final = 4094  # octets between quotes: more is "too long parameter"
# A map takes these as directives of its own (ngx_http_map_module), unless a backslash stands
# before them.
_NGINX_WORDS: Final = frozenset({"default", "hostnames", "include", "volatile"})


class QuotingError(ValueError):
    """The format has no way to say this value."""


class Quoted(str):
    """Text that is quoted for its format already."""

    __slots__ = ()


def haproxy(value: object) -> str:
    """Quote one word of haproxy.cfg (configuration manual, 2.2 "Quoting and escaping").

    Between single quotes every byte means itself, but a line ends the word
    and NUL the file; those are refused.
    """
    if isinstance(value, Snippet):
        return value
    text = value if type(value) is str else _plain(value)
    if _bare(text):
        return text
    if any(char in text for char in "\r\n\0"):
        raise QuotingError(f"{_named(value)}: haproxy.cfg cannot hold it: more than one line")
    return "'" + text.replace("'", "'\\''") + "'"


def haproxy_map(value: object) -> str:
    """Write the lines of a HAProxy map file; `value` maps keys to values.

    The format has no quotes: a key ends at the first blank, a value at the end
    of the line, and a line that begins with # is a comment.
    """
    if not isinstance(value, Mapping):
        raise QuotingError(f"{_named(value)}: not a map")
    odd = [key for key in value if not _map_key(key)]
    odd += [text for text in set(value.values()) if not _map_value(text)]
    if odd:
        raise QuotingError(f"{shown(odd[0])}: a map file cannot hold it")
    return "\n".join([f"{key} {text}" for key, text in value.items()])


def nginx(value: object) -> str:
    """Quote one word of nginx.conf.

    Between double quotes a backslash stands before a quote and before itself. A $
    begins a variable, whatever stands before it, and is refused.
    """
    if isinstance(value, Snippet | Quoted):
        return value
    text = value if type(value) is str else _plain(value)
    if _nginx_bare(text) and len(text) <= _NGINX_LONGEST:
        return text
    if "$" in text:
        raise QuotingError(f"{_named(value)}: nginx.conf cannot hold it: a $ begins a variable")
    return _nginx_quoted(text, value)


def nginx_literal(text: str) -> Quoted:
    """Quote a word where nginx knows no variables, as in the values of a geo: $ means itself."""
    return Quoted(_nginx_quoted(text, text))


def nginx_path(folder: str, rest: str) -> Quoted:
    """Quote a path that begins with a literal and ends with variables of nginx.

    A $ of the literal becomes `${dollar}`: the file has to say `geo $dollar { default "$"; }`.
    """
    return Quoted(_nginx_quoted(folder, folder).replace("$", "${dollar}")[:-1] + f'{rest}"')


def nginx_map(value: object) -> str:
    """Write the lines that a map of nginx includes; `value` maps keys to values.

    A key means itself, but for the words and the ~ of regular expressions, from
    which a backslash takes their meaning. In a value, $ begins a variable.
    """
    if not isinstance(value, Mapping):
        raise QuotingError(f"{_named(value)}: not a map")
    return "\n".join([f"{_nginx_key(key)} {nginx(text)};" for key, text in value.items()])


def _nginx_key(key: str) -> str:
    if key in _NGINX_WORDS or key.startswith(("~", "\\")):
        return _nginx_quoted(f"\\{key}", key)
    return key if len(key) <= _NGINX_LONGEST and _nginx_domain(key) else _nginx_quoted(key, key)


def _nginx_quoted(text: str, value: object) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    if "\0" in text:
        raise QuotingError(f"{_named(value)}: nginx.conf cannot hold it: a NUL")
    if len(escaped.encode()) > _NGINX_LONGEST:
        raise QuotingError(
            f"{_named(value)}: nginx.conf cannot hold it: more than {_NGINX_LONGEST} bytes"
        )
    return f'"{escaped}"'


def certbot_ini(value: object) -> str:
    """Quote a value of certbot's ini, which is ConfigArgParse's default format.

    It has no escapes: a value stands between quotes of either kind, and ends at the
    first of that kind before a comment or the end of the line. A value in
    brackets is a list, also between quotes.
    """
    text = value if type(value) is str else _plain(value)
    if _certbot_bare(text):
        return text
    refusal = _certbot_refusal(text)
    if refusal:
        raise QuotingError(f"{_named(value)}: certbot's ini cannot hold it: {refusal}")
    return f"'{text}'" if '"' in text else f'"{text}"'


def _certbot_refusal(text: str) -> str | None:
    if any(char < " " or char == "\x7f" for char in text):
        return "a control character or more than one line"
    if text.startswith("[") and text.endswith("]"):
        return "in brackets it is a list"
    return "both kinds of quotes" if '"' in text and "'" in text else None


def json_tree(value: object) -> str:
    """Write JSON, of JSON's own types; a secret is none of them."""
    import json

    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1)
    except (TypeError, ValueError) as error:
        raise QuotingError(f"JSON cannot hold it: {error}") from None


def cfengine(value: object) -> str:
    """Quote a string of CFEngine's policy language, or a list of them.

    Between double quotes a backslash stands before a quote and before itself. Variables are
    expanded there, and no escape of theirs is reliable (tried with 3.21): they are refused.
    So is an empty list, which admits everybody where the server asks who may connect.
    """
    if isinstance(value, Quoted):
        return value
    if isinstance(value, tuple | list):
        if not value:
            raise QuotingError("policy cannot hold it: an empty list")
        return f"{{ {', '.join([cfengine(item) for item in value])} }}"
    text = value if type(value) is str else _plain(value)
    if reason := cfengine_refusal(text):
        raise QuotingError(f"{_named(value)}: policy cannot hold it: {reason}")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def cfengine_refusal(text: str) -> str | None:
    """Say why no string of CFEngine's policy language can hold a text; None where one can."""
    if any(char < " " or char == "\x7f" for char in text):
        return "a control character or more than one line"
    found = re.search(r"[$@][({]", text)
    return f"{found[0]} begins a variable" if found else None


def shell(text: str) -> str:
    """Quote one word of a shell's command line, with backslashes (POSIX, "Shell Command Language").

    Quotes stay free for whatever the command line stands in. A line's end cannot be quoted so.
    """
    if not text or any(char < " " or char == "\x7f" for char in text):
        raise QuotingError(f"{shown(text)}: no word of a command line")
    return re.sub(r"([^A-Za-z0-9._:/,@%+=\x80-\U0010ffff-])", r"\\\1", text)


def _plain(value: object) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    # A bool would read as True or False, which no daemon understands.
    if isinstance(value, str) or type(value) is int:
        return str(value)
    raise QuotingError(f"{type(value).__name__}: not a text or a number")


def _named(value: object) -> str:
    return "a secret" if isinstance(value, Secret) else shown(str(value))
