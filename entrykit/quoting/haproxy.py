"""Quote for haproxy.cfg and HAProxy's map files."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from entrykit.display import display
from entrykit.quoting.base import QuotingError, describe_value, to_text
from entrykit.variables.secret import Snippet

# Characters that mean themselves everywhere in haproxy.cfg, also between double
# quotes and in a log-format string.
_is_bare: Final = re.compile(r"[A-Za-z0-9._:/,@*=+\[\]-]+").fullmatch
_is_map_key: Final = re.compile(r"[^\s#\x00-\x1f\x7f][^\s\x00-\x1f\x7f]*").fullmatch
_is_map_value: Final = re.compile(r"[^\s\x00-\x1f\x7f]+(?: +[^\s\x00-\x1f\x7f]+)*").fullmatch


def quote_haproxy(value: object) -> str:
    """Quote one word of haproxy.cfg (configuration manual, 2.2 "Quoting and escaping").

    Between single quotes every byte means itself, but a line ends the word
    and NUL the file; those are refused.
    """
    if type(value) is str:  # nearly always, and faster than isinstance
        text = value
    elif type(value) is int:
        return str(value)
    elif isinstance(value, Snippet):
        return value
    else:
        text = to_text(value)
    if _is_bare(text):
        return text
    if any(char in text for char in "\r\n\0"):
        raise QuotingError(
            f"{describe_value(value)}: haproxy.cfg cannot hold it: more than one line"
        )
    return "'" + text.replace("'", "'\\''") + "'"


def quote_haproxy_map(value: object) -> str:
    """Write the lines of a HAProxy map file; `value` maps keys to values.

    The format has no quotes: a key ends at the first blank, a value at the end
    of the line, and a line that begins with # is a comment.
    """
    if not isinstance(value, Mapping):
        raise QuotingError(f"{describe_value(value)}: not a map")
    odd = [] if _are_plain_keys(value) else [key for key in value if not _is_map_key(key)]
    odd += [text for text in set(value.values()) if not _is_map_value(text)]
    if odd:
        raise QuotingError(f"{display(odd[0])}: a map file cannot hold it")
    return "\n".join([f"{key} {text}" for key, text in value.items()])


def _are_plain_keys(keys: Collection[str]) -> bool:
    """Whether all are keys; False means: unknown. This is the fast path for 100,000 domains."""
    text = "".join(keys)
    return text.isprintable() and " " not in text and "#" not in text and "" not in keys
