"""The `entrykit` program: as quick a start as plain means allow."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from types import ModuleType

from entrykit.cli.signals import exit_on_signals


def run() -> None:
    """Run the command line and exit with its code."""
    exit_on_signals()
    # The process lives for a tenth of a second and makes no garbage worth
    # collecting, while imports alone would trigger dozens of collections.
    gc.disable()
    environ = initial_environ(os.environ)
    _import_pydantic()
    from entrykit.cli.main import main

    sys.exit(main(sys.argv, environ))


def _import_pydantic() -> None:
    """Import what looks for pydantic's plugins, and let it find none.

    It asks importlib.metadata for the entry points of every installed package,
    and to import that costs most of what a bare interpreter's start does. So it
    meets a stand-in for this one question; nobody else ever sees that.
    """
    if "importlib.metadata" in sys.modules:
        return
    stand_in = ModuleType("importlib.metadata")
    vars(stand_in)["entry_points"] = lambda **_question: ()
    sys.modules[stand_in.__name__] = stand_in
    with suppress(ImportError):  # a pydantic without it only starts slower
        import_module("pydantic.plugin._loader")
    del sys.modules[stand_in.__name__]


def initial_environ(environ: Mapping[str, str]) -> dict[str, str]:
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
