"""Log messages to standard error, as text or JSON, a line each.

The standard library's logging is not used: its import takes a third of the time that a bare
interpreter takes to start, and a program that runs for a tenth of a second needs none of its
features.
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
    """Write messages of a minimum level to a stream.

    Args:
        stream: standard error by default; without it, if that is closed, nothing is written.
        style: `text`, or `json` for one object per line.
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

    def adjust_level(self, steps: int) -> None:
        """Change the minimum level by the number of `-v` minus the number of `-q` given."""
        self._threshold = min(max(self._threshold + steps, 0), len(LEVELS) - 1)

    def use_environ(self, environ: Mapping[str, str]) -> None:
        """Set the format to ENTRYKIT_LOG_FORMAT, if it is set and known."""
        given = peek(environ, LOG_FORMAT)
        if given in STYLES:
            self._style = given

    def error(self, text: str) -> None:
        """Log why the program ends."""
        self._write("error", text)

    def warning(self, text: str) -> None:
        """Log what is probably a mistake."""
        self._write("warning", text)

    def info(self, text: str) -> None:
        """Log what was done."""
        self._write("info", text)

    def debug(self, text: str) -> None:
        """Log what only helps to find an error."""
        self._write("debug", text)

    def _write(self, level: str, text: str) -> None:
        if self._stream is None or LEVELS.index(level) > self._threshold:
            return
        lines = [_json(level, text)] if self._style == "json" else self._lines(level, text)
        try:
            print(*lines, sep="\n", file=self._stream, flush=True)
        except OSError:
            # A closed pipe must not keep the daemon from starting.
            return

    def _lines(self, level: str, text: str) -> list[str]:
        label = "" if level == "info" else f"{level}: "
        colour = _COLOURS[level] if self._colour else ""
        end = "\x1b[0m" if colour else ""
        return [f"{colour}entrykit: {label}{line}{end}" for line in text.splitlines()]


def make_log(environ: Mapping[str, str], stream: TextIO | None = None) -> Log:
    """Return a log as configured by the environment.

    Args:
        environ: ENTRYKIT_LOG_FORMAT (`text` or `json`), NO_COLOR and TERM are read.
        stream: standard error by default.
    """
    stream = stream or sys.stderr
    plain = environ.get("NO_COLOR") or environ.get("TERM") == "dumb"
    log = Log(stream, colour=bool(stream and stream.isatty()) and not plain)
    log.use_environ(environ)
    return log


def check_format(environ: Mapping[str, str], log: Log) -> None:
    """Warn of an unknown ENTRYKIT_LOG_FORMAT, if no settings are read that would refuse it."""
    given = peek(environ, LOG_FORMAT)
    if given is not None and given not in STYLES:
        expected = " or ".join(STYLES)
        log.warning(f"{LOG_FORMAT}: {display(given)}: no such choice (expected {expected})")


def _json(level: str, text: str) -> str:
    import json
    import time

    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return json.dumps({"time": now, "level": level, "program": "entrykit", "message": text})
