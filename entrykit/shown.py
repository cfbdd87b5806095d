"""How a hostile value is shown to a person: on one line, harmless to a terminal, not endless."""

from __future__ import annotations

LONGEST = 80
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def shown(text: str) -> str:
    """Quote `text` for a message.

    Control characters, quotes and whatever a terminal could not print become
    escapes; after 80 characters comes an ellipsis.
    """
    cut = text[:LONGEST]
    escaped = "".join(_ESCAPES.get(char) or _printable(char) for char in cut)
    return f'"{escaped}…"' if len(text) > LONGEST else f'"{escaped}"'


def _printable(char: str) -> str:
    if char.isprintable():
        return char
    return f"\\x{ord(char):02x}" if char.isascii() else ascii(char)[1:-1]
