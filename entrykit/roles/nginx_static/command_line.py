"""nginx's own command line (its manual page, nginx(8))."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_WITH_VALUE: Final = frozenset("cegps")
_ENDS_AT_ONCE: Final = frozenset("?hvVtTs")  # prints or signals something, and exits

# nginx has no long options, and reports that.
PRINTS_AND_EXITS: Final = frozenset({"-?", "-h", "-v", "-V", "--help", "--version"})


def parse_options(words: Sequence[str]) -> dict[str, str]:
    """Return each option's letter with its value, empty for none; the last of several counts.

    As in nginx, letters may share a word, and a value is the rest of it or the next one.
    """
    found: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            continue
        for place, letter in enumerate(word[1:], start=2):
            if letter in _WITH_VALUE:
                found[letter] = word[place:] or next(rest, "")
                break
            found[letter] = ""
    return found


def complete_command(command: Sequence[str], main: str) -> list[str]:
    """Add the rendered file to a command that names none, and keep nginx in the foreground.

    The default of the former is /etc/nginx/nginx.conf, which belongs to nginx's package; that
    of the latter would end the container, with 0, as soon as nginx has started.
    """
    words = ["nginx", *command] if command[0].startswith("-") else [*command]
    given = parse_options(words[1:])
    if "c" not in given:
        words[1:1] = ["-c", main]
    directives = given.get("g", "").strip().rstrip(";")
    if "daemon" not in directives and _ENDS_AT_ONCE.isdisjoint(given):
        words += ["-g", f"{directives}; daemon off;" if directives else "daemon off;"]
    return words
