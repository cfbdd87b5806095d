"""Parse haproxy.cfg into sections of directives.

The format is simple: a line is a list of words. Some first words begin a section, and every
other line belongs to the last section.
"""

from __future__ import annotations

import re
from typing import Final

from entrykit.testing.sections import Directive, Section

# Have pytest show failures at the line of the test (see entrykit.testing).
__tracebackhide__ = True

# Keywords that begin a section, with any indentation: tried one by one with HAProxy 3.2; older
# releases have fewer.
_SECTIONS: Final = frozenset(
    (
        *("acme", "backend", "cache", "crt-store", "defaults", "fcgi-app", "frontend", "global"),
        *("http-errors", "listen", "log-forward", "log-profile", "mailers", "namespace_list"),
        *("peers", "program", "resolvers", "ring", "traces", "userlist"),
    )
)
# Quotes and escapes (HAProxy manual, 2.2): every character is literal in '…', all but \ in "…".
_PART: Final = re.compile(
    r"""
      (?P<blank>[ \t\r]+)
    | (?P<comment>\#.*)
    | '(?P<strong>[^']*)'
    | "(?P<weak>(?:\\.|[^"\\])*)"
    | (?P<plain>(?:\\.|[^\s'"\#\\])+)
    | (?P<odd>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_CONTROLS: Final = {"r": "\r", "n": "\n", "t": "\t"}
_ITSELF: Final = frozenset(" #\\'\"$")


def parse(path: str, text: str) -> Section:
    """Parse a file.

    The result has both branches of an `.if`; nothing is evaluated or expanded.

    Args:
        path: its name, for messages.
        text: its content.

    Raises:
        AssertionError: a quote is not closed.
    """
    whole = Section(path, (), 1)
    current = whole
    for number, line in enumerate(text.split("\n"), start=1):
        words = split_words(line)
        if words is None:
            raise AssertionError(f"{path}:{number}: unterminated quote or \\")
        if words and words[0] in _SECTIONS:
            current = Section(f"{' '.join(words)} in {path}", words, number)
            whole.inner.append(current)
        elif words:
            current.lines.append(Directive(words, number))
    return whole


def split_words(line: str) -> list[str] | None:
    """Split a line into words without quotes; None if a quote is not closed."""
    found: list[str] = []
    open_word = False
    for part in _PART.finditer(line):
        kind, text = str(part.lastgroup), part[str(part.lastgroup)]
        if kind == "odd":
            return None
        if kind == "comment":
            break
        if kind == "blank":
            open_word = False
            continue
        if not open_word:
            found.append("")
        found[-1] += text if kind == "strong" else _ESCAPE.sub(_unescape, text)
        open_word = True
    return found


def _unescape(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    char = escape[2]
    return _CONTROLS.get(char) or (char if char in _ITSELF else f"\\{char}")
