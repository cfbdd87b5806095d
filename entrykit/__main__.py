"""The `entrykit` program: as quick a start as plain means allow."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping


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


def given(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment as the process was given it.

    In the C locale CPython gives itself an LC_CTYPE (PEP 538), which a daemon
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
