"""Messages for people: on standard error, a line each, coloured only where it helps.

Not the standard library's logging: it alone costs a third of a bare
interpreter's start, and a program that lives for a tenth of a second before it
becomes another needs none of what it offers.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TextIO

from entrykit.display import display
from entrykit.variables.reading import peek

LOG_FORMAT = "ENTRYKIT_LOG_FORMAT"
STYLES = ("text", "json")
LEVELS = ("error", "warning", "info", "debug")
_COLOURS = {"error": "\x1b[31m", "warning": "\x1b[33m", "info": "", "debug": "\x1b[2m"}


class Log:
    """Where messages go and how they look.

    Args:
        stream: standard error, unless told otherwise; nowhere if that is closed.
        style: `text`, or `json` for one object a line.
        colour: whether `text` may use ANSI colours.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        style: str = "text",
        colour: bool = False,
    ) -> None:
        self._stream: TextIO | None = stream or sys.stderr
        self._threshold = LEVELS.index("info")
        self._style = style
        self._colour = colour

    def shift(self, louder: int) -> None:
        """Let more levels through, or fewer: how many `-v` less how many `-q` were given."""
        self._threshold = min(max(self._threshold + louder, 0), len(LEVELS) - 1)

    def follow(self, environ: Mapping[str, str]) -> None:
        """Take on the format that ENTRYKIT_LOG_FORMAT names, where it is set and known."""
        given = peek(environ, LOG_FORMAT)
        if given in STYLES:
            self._style = given

    def error(self, text: str) -> None:
        """Say why the program ends."""
        self._write("error", text)

    def warning(self, text: str) -> None:
        """Say what is probably not what was meant."""
        self._write("warning", text)

    def info(self, text: str) -> None:
        """Say what was done."""
        self._write("info", text)

    def debug(self, text: str) -> None:
        """Say what is only of interest when looking for a fault."""
        self._write("debug", text)

    def _write(self, level: str, text: str) -> None:
        if self._stream is None or LEVELS.index(level) > self._threshold:
            return
        lines = [_json(level, text)] if self._style == "json" else self._lines(level, text)
        try:
            print(*lines, sep="\n", file=self._stream, flush=True)
        except OSError:
            # Nobody reads: that must not decide whether the daemon starts.
            return

    def _lines(self, level: str, text: str) -> list[str]:
        label = "" if level == "info" else f"{level}: "
        colour = _COLOURS[level] if self._colour else ""
        end = "\x1b[0m" if colour else ""
        return [f"{colour}entrykit: {label}{line}{end}" for line in text.splitlines()]


def make_log(environ: Mapping[str, str], stream: TextIO | None = None) -> Log:
    """Make the log that the environment asks for.

    Args:
        environ: ENTRYKIT_LOG_FORMAT (`text` or `json`), NO_COLOR and TERM are read.
        stream: standard error, unless told otherwise.
    """
    stream = stream or sys.stderr
    plain = environ.get("NO_COLOR") or environ.get("TERM") == "dumb"
    log = Log(stream, colour=bool(stream and stream.isatty()) and not plain)
    log.follow(environ)
    return log


def check_format(environ: Mapping[str, str], log: Log) -> None:
    """Warn of an unknown ENTRYKIT_LOG_FORMAT, where no settings are read that would refuse it."""
    given = peek(environ, LOG_FORMAT)
    if given is not None and given not in STYLES:
        expected = " or ".join(STYLES)
        log.warning(f"{LOG_FORMAT}: {display(given)}: no such choice (expected {expected})")


def _json(level: str, text: str) -> str:
    import json
    import time

    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return json.dumps({"time": now, "level": level, "program": "entrykit", "message": text})
