"""Report progress: N of M names have a certificate."""

from __future__ import annotations

from typing import TextIO

from entrykit.log import Log

_WIDTH = 30  # columns


class Bar:
    """A stream for the log with a progress bar below the last line, for terminals.

    Args:
        stream: the terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar = ""
        self._is_visible = False

    def show(self, done: int, of: int) -> None:
        """Draw the bar, or remove it once everything is done."""
        filled = _WIDTH * done // of if of else _WIDTH
        bar = f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {done} of {of} names"
        self.write("")
        self._bar = bar if done < of else ""
        self.flush()

    def write(self, text: str) -> int:
        """Write over the bar."""
        self._stream.write(f"\r\x1b[K{text}" if self._is_visible else text)
        self._is_visible = False
        return len(text)

    def flush(self) -> None:
        """Redraw the bar: the log flushes after whole lines."""
        self._stream.write(self._bar)
        self._is_visible = bool(self._bar)
        self._stream.flush()

    def isatty(self) -> bool:
        """Whether colors may be used."""
        return self._stream.isatty()


class Progress:
    """Reports progress when it changes.

    Args:
        log: gets a line for each change.
        bar: shows it as well; None without a terminal.
    """

    def __init__(self, log: Log, bar: Bar | None = None) -> None:
        self._log = log
        self._bar = bar
        self._last: tuple[int, int] | None = None

    def report(self, done: int, of: int) -> None:
        """Report how many of how many names have a certificate that is valid now."""
        if (done, of) == self._last:
            return
        self._last = (done, of)
        self._log.info(f"{done} of {of} names have a certificate")
        if self._bar:
            self._bar.show(done, of)
