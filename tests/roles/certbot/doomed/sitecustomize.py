"""Kills a certbot before one of its steps: a change of what lies below a folder.

Python imports it at its start where PYTHONPATH has this folder. DOOMED_BELOW is the folder;
each step is added to DOOMED_STEPS, a file; before step number DOOMED_AT the process gets the
signal DOOMED_BY. With DOOMED_EMPTY a file that it is about to write is made before, and empty.

Or it is not killed, and what a kill before each step would leave is copied: to a folder with
the step's number in DOOMED_STATES, and again, with the file empty, to one with `e` behind that.
"""

from __future__ import annotations

import os
import sys

_BELOW = os.environ.get("DOOMED_BELOW")
_STEPS = os.environ.get("DOOMED_STEPS", "")
_STATES = os.environ.get("DOOMED_STATES", "")
_AT = int(os.environ.get("DOOMED_AT", "0"))
_LAST = {"os.mkdir": 0, "os.symlink": 1, "os.rename": 1, "os.remove": 0, "os.chmod": 0}
_PARTS = ("live", "archive", "renewal", "accounts")

_count = 0


def _path(event, args):
    """The path that an event changes, if it does."""
    if event in _LAST:
        return args[_LAST[event]]
    writes = event == "open" and args[2] & (os.O_WRONLY | os.O_RDWR)
    return args[0] if writes else None


def _watch(event, args):
    global _count  # noqa: PLW0603 -- of the process
    path = _path(event, args)
    if not isinstance(path, str) or not path.startswith(tuple(f"{_BELOW}/{p}/" for p in _PARTS)):
        return
    _count += 1
    with os.fdopen(os.open(_STEPS, _APPEND), "a") as steps:
        steps.write(f"{event} {os.path.relpath(path, _BELOW)}\n")
    if _STATES:
        _copy(f"{_STATES}/{_count}")
        if event == "open":
            _empty(_copy(f"{_STATES}/{_count}e") + path.removeprefix(_BELOW))
    if _count == _AT:
        if "DOOMED_EMPTY" in os.environ and event == "open":
            _empty(path)
        os.kill(os.getpid(), int(os.environ["DOOMED_BY"]))


def _copy(target):
    """Copy the folder by another process: if it were closed here, the lock in it would be lost."""
    os.waitpid(os.posix_spawn("/bin/cp", ["cp", "-a", _BELOW, target], {}), 0)
    return target


def _empty(path):
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))


_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT

if _BELOW:
    sys.addaudithook(_watch)
