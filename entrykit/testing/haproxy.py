"""haproxy.cfg as sections of directives.

A parser of our own, because the format is lines of words: some words begin a section, and
every other line belongs to the last one.
"""

from __future__ import annotations

import re
from typing import Final

from entrykit.testing.sections import Directive, Section

# To pytest: what fails in here is shown where a test called it (see entrykit.testing).
__tracebackhide__ = True

# What begins a section, however it is indented; HAProxy 3.2 took each of these for one, when
# tried alone; older releases have fewer.
_SECTIONS: Final = frozenset(
    (
        *("acme", "backend", "cache", "crt-store", "defaults", "fcgi-app", "frontend", "global"),
        *("http-errors", "listen", "log-forward", "log-profile", "mailers", "namespace_list"),
        *("peers", "program", "resolvers", "ring", "traces", "userlist"),
    )
)
# Quotes and escapes (2.2): between ' every character means itself, between " all but \.
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

    Both branches of an `.if` are in it; nothing is evaluated, no variable expanded.

    Args:
        path: its name, for messages.
        text: what is in it.

    Raises:
        AssertionError: a quote is left open.
    """
    whole = Section(path, (), 1)
    current = whole
    for number, line in enumerate(text.split("\n"), start=1):
        said = split_words(line)
        if said is None:
            raise AssertionError(f"{path}:{number}: a quote or a \\ has no end")
        if said and said[0] in _SECTIONS:
            current = Section(f"{' '.join(said)} of {path}", said, number)
            whole.inner.append(current)
        elif said:
            current.lines.append(Directive(said, number))
    return whole


def split_words(line: str) -> list[str] | None:
    """Split a line into words without their quotes; None where one is left open."""
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
