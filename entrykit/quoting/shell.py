"""Quote for a POSIX shell."""

from __future__ import annotations

import re

from entrykit.display import display
from entrykit.quoting.base import QuotingError


def quote_shell(text: str) -> str:
    """Quote one word of a shell's command line, with backslashes (POSIX, "Shell Command Language").

    Quotes stay free for whatever the command line stands in. A line's end cannot be quoted so.
    """
    if not text or any(char < " " or char == "\x7f" for char in text):
        raise QuotingError(f"{display(text)}: no word of a command line")
    return re.sub(r"([^A-Za-z0-9._:/,@%+=\x80-\U0010ffff-])", r"\\\1", text)
