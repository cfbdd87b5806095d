"""Pytest in processes that need not import it first: started once, and forked for each run.

    python nursery.py

A line of JSON on standard input has the `words` of a run, its `folder`, its `environ`, its
`seconds`, and the files `stdout` and `stderr`; the line that answers is its exit code.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from importlib import import_module
from pathlib import Path

import pytest
from _pytest.config import default_plugins

# Not the plugin itself: pytest warns of one that it cannot rewrite any more.
SHARED = (
    "crossplane",
    "yaml",
    "entrykit.daemon.check",
    "entrykit.roles.haproxy",
    "entrykit.rendering.role_files",
)


def run(words, folder, environ, seconds, **streams):
    """Become a pytest that was started there."""
    signal.alarm(seconds)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    for number, path in enumerate([os.devnull, streams["stdout"], streams["stderr"]]):
        os.dup2(os.open(path, os.O_RDWR), number)
    sys.argv[:] = ["pytest", *words]
    sys.exit(pytest.main())


def main():
    sys.path[0] = str(Path(sys.executable).parent)  # as of the program `pytest`
    for name in (*(f"_pytest.{plugin}" for plugin in default_plugins), *SHARED):
        import_module(name)
    gc.freeze()  # pytest collects garbage when it ends, and none of this is any
    for line in sys.stdin:
        child = os.fork()
        if not child:
            run(**json.loads(line))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
