"""The `entrykit` program: as quick a start as plain means allow."""

from __future__ import annotations

import gc
import os
import sys


def run() -> None:
    """Run the command line and exit with its code."""
    # The process lives for a tenth of a second and makes no garbage worth
    # collecting, while imports alone would trigger dozens of collections.
    gc.disable()
    environ = given(os.environ)
    # Pydantic would look through every installed package for plugins of its own.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    from entrykit.cli import main

    sys.exit(main(sys.argv, environ))


def given(environ: os._Environ[str]) -> dict[str, str]:
    """Return the environment as the process was given it.

    CPython gives itself an LC_CTYPE in the C locale (PEP 538), which a daemon
    started without entrykit would not see.
    """
    try:
        with open("/proc/self/environ", "rb") as file:
            coerced = b"LC_CTYPE=" not in file.read()
    except OSError:
        coerced = False
    return {name: value for name, value in environ.items() if not coerced or name != "LC_CTYPE"}


if __name__ == "__main__":
    run()
