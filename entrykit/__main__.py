"""The `entrykit` program."""

from __future__ import annotations

import gc
import os
import sys


def run() -> None:
    """Run the command line and exit with its code."""
    # The process lives for a tenth of a second and makes no garbage worth
    # collecting, while imports alone would trigger dozens of collections.
    gc.disable()
    _undo_coercion()
    from entrykit.cli import main

    sys.exit(main())


def _undo_coercion() -> None:
    """Take back the LC_CTYPE that CPython gives itself in the C locale (PEP 538).

    A daemon started without entrykit would not see it.
    """
    try:
        with open("/proc/self/environ", "rb") as given:
            coerced = "LC_CTYPE" in os.environ and b"LC_CTYPE=" not in given.read()
    except OSError:
        return
    if coerced:
        del os.environ["LC_CTYPE"]


if __name__ == "__main__":
    run()
