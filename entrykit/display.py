"""Display untrusted text: on one line, harmless to a terminal, of limited length."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

MAX_LENGTH = 80
# The first line of a private key in PEM format, as it is or in base64: what follows is the key.
_PRIVATE_KEY: Final = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|LS0tLS1CRUdJTi")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def display(text: str) -> str:
    """Quote `text` for a message.

    Control characters, quotes and unprintable characters become escapes. An ellipsis replaces
    what follows the first 80 characters, and private keys.
    """
    key = _PRIVATE_KEY.search(text)
    cut = text[: min(MAX_LENGTH, key.end() if key else MAX_LENGTH)]
    escaped = "".join(_ESCAPES.get(char) or _escape(char) for char in cut)
    return f'"{escaped}…"' if len(text) > len(cut) else f'"{escaped}"'


def display_name(name: str) -> str:
    """Return a name as it is, or quoted if it has unprintable characters."""
    return name if name.isprintable() else display(name)


def display_key(text: str) -> str:
    """Quote a key of a map without what follows a colon.

    In YAML, `{password:made-up}` is a map whose key contains the password.
    """
    name, _, rest = text.partition(":")
    return display(f"{name}:***" if rest else text)


def suggest(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the known word that is closest; nothing if none is close."""
    from difflib import get_close_matches

    found = get_close_matches(word, [*known], n=1, cutoff=0.55)
    return f"; did you mean {found[0]!r}?" if found else ""


def _escape(char: str) -> str:
    if char.isprintable():
        return char
    return f"\\x{ord(char):02x}" if char.isascii() else ascii(char)[1:-1]
