"""Waiting for what comes by itself: until a deadline, never for a fixed time."""

from __future__ import annotations

import time

_PAUSE = 0.02
_LONGEST = 0.05  # between probes of what takes its time: they cost what it needs itself


def eventually(probe, seconds=60.0):
    """Call `probe` until it returns something true, and return that.

    What it raises counts as not yet. At the deadline its last error is raised,
    or an AssertionError with what it returned last.
    """
    deadline = time.monotonic() + seconds
    pause = _PAUSE / 2
    while True:
        try:
            result = probe()
        except (OSError, AssertionError) as error:
            if time.monotonic() > deadline:
                raise
            result = error
        else:
            if result:
                return result
        assert time.monotonic() < deadline, f"not within {seconds} s: {result!r}"
        time.sleep(pause)
        pause = min(pause * 1.2, _LONGEST)


def throughout(probe, seconds):
    """Call `probe` for so long, and fail as soon as it returns something false."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert probe()
        time.sleep(_PAUSE)
