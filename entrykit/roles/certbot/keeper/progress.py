"""How far it is: N of M names have a certificate."""

from __future__ import annotations

from typing import TextIO

from entrykit.log import Log

_WIDTH = 30  # columns


class Bar:
    """A stream for the log that keeps a bar below the last line; for a terminal only.

    Args:
        stream: the terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar = ""
        self._is_visible = False

    def show(self, done: int, of: int) -> None:
        """Draw the bar; nothing any more once all is done."""
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
        """Draw the bar again: the log flushes after whole lines."""
        self._stream.write(self._bar)
        self._is_visible = bool(self._bar)
        self._stream.flush()

    def isatty(self) -> bool:
        """Whether colours may be used."""
        return self._stream.isatty()


class Progress:
    """Tells of it where it changes.

    Args:
        log: gets a line.
        bar: is drawn; None where there is no terminal.
    """

    def __init__(self, log: Log, bar: Bar | None = None) -> None:
        self._log = log
        self._bar = bar
        self._last: tuple[int, int] | None = None

    def tell(self, done: int, of: int) -> None:
        """Say that so many names of so many have a certificate that is valid now."""
        if (done, of) == self._last:
            return
        self._last = (done, of)
        self._log.info(f"{done} of {of} names have a certificate")
        if self._bar:
            self._bar.show(done, of)
