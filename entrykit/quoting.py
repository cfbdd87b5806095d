"""One function per target format: from a value to text that means that value and nothing else.

What a format cannot express is refused, never escaped by hope.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from entrykit.secret import Secret, Snippet
from entrykit.shown import shown

Quote = Callable[[object], str]

# Characters that mean themselves everywhere in haproxy.cfg, also between double
# quotes and in a log-format string.
_bare: Final = re.compile(r"[A-Za-z0-9._:/,@*=+\[\]-]+").fullmatch
_map_key: Final = re.compile(r"[^\s#\x00-\x1f\x7f][^\s\x00-\x1f\x7f]*").fullmatch
_map_value: Final = re.compile(r"[^\s\x00-\x1f\x7f]+(?: +[^\s\x00-\x1f\x7f]+)*").fullmatch


class QuotingError(ValueError):
    """The format has no way to say this value."""


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


def _plain(value: object) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    # A bool would read as True or False, which no daemon understands.
    if isinstance(value, str) or type(value) is int:
        return str(value)
    raise QuotingError(f"{type(value).__name__}: not a text or a number")


def _named(value: object) -> str:
    return "a secret" if isinstance(value, Secret) else shown(str(value))
