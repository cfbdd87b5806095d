"""The `entrykit` program."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping

from entrykit.cli.pydantic_plugins import import_without_plugins
from entrykit.cli.signals import exit_on_signals


def run() -> None:
    """Run the command line and exit with its code."""
    exit_on_signals()
    # Imports alone would trigger dozens of collections, in a process that runs for a
    # tenth of a second and leaves no garbage worth collecting.
    gc.disable()
    environ = initial_environ(os.environ)
    import_without_plugins()
    from entrykit.cli.main import main

    sys.exit(main(sys.argv, environ))


def initial_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment that the process was started with.

    In the C locale CPython sets LC_CTYPE for itself (PEP 538), which a daemon
    started without entrykit would not see.
    """
    result = dict(environ)
    try:
        with open("/proc/self/environ", "rb") as file:
            block = file.read().split(b"\0")
    except OSError:
        return result
    result.pop("LC_CTYPE", None)
    for entry in block:
        if entry.startswith(b"LC_CTYPE="):
            result["LC_CTYPE"] = os.fsdecode(entry.partition(b"=")[2])
    return result


if __name__ == "__main__":
    run()
