"""Kills commits before each of their steps, and tells what the next starts make of that.

    python killing.py FOLDER [--from VERSION] [--twice | --leave WORDS]

Each round begins with VERSION in FOLDER, or with nothing, and commits "new" in a process that
gets SIGKILL before its Nth step; with --twice the start after that commits "next" and is killed
before its Mth step as well. A step is a call that changes the file system, or half of a write.
Then one start is refused, and one is accepted. It writes a JSON list with an object a round: what
was `killed`, and what was in the folder then and after each start. With --leave it stops before
these starts as soon as a step of that name was killed.
"""

from __future__ import annotations

import builtins
import io
import itertools
import json
import os
import signal
import sys
from argparse import ArgumentParser
from contextlib import suppress
from functools import partial
from pathlib import Path

from committing import accept, found, refuse, version

from entrykit.errors import CheckError
from entrykit.files.transaction import commit

_CALLS = ("mkdir", "rename", "unlink", "rmdir", "symlink", "fchmod", "chmod")
_create, _open = os.open, builtins.open


class _Doomed:
    """A process that kills itself before one of its steps.

    Args:
        steps: which; the first is 1.
        told: a file descriptor that gets the step's name.
    """

    def __init__(self, steps, told):
        self._left = steps
        self._told = told
        self._write = os.write
        for name in _CALLS:
            setattr(os, name, partial(self._call, name, getattr(os, name)))
        os.open, builtins.open = self._created, self._opened

    def step(self, name):
        self._left -= 1
        if not self._left:
            self._write(self._told, name.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    def _call(self, name, call, *args, **named):
        self.step(f"{name} {args[0]}")
        return call(*args, **named)

    def _created(self, path, flags, *args):
        if flags & os.O_CREAT:
            self.step(f"create {path}")
        return _create(path, flags, *args)

    def _opened(self, path, mode="r", **named):
        if mode == "wb":
            return io.BufferedWriter(_Torn(self, path, "w"))
        if mode == "r+b":
            return _Torn(self, path, "r+")
        return _open(path, mode, **named)


class _Torn(io.FileIO):
    """A file whose every write is two."""

    def __init__(self, doomed, path, mode):
        super().__init__(path, mode)
        self._doomed = doomed

    def write(self, data):
        middle = len(data) // 2
        for part in (data[:middle], data[middle:]):
            self._doomed.step("write")
            super().write(part)
        return len(data)

    def truncate(self, size=None):
        self._doomed.step("truncate")
        return super().truncate(size)


def killed_at(step, work):
    """Work in a process that is killed before that step; None if it came through."""
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        _Doomed(step, tell)
        work()
        os._exit(0)
    os.close(tell)
    status = os.waitpid(child, 0)[1]
    with open(told, "rb") as pipe:
        words = pipe.read().decode()
    assert status == (signal.SIGKILL if words else 0), f"step {step}: {status}"
    return words or None


def committed(folder, name):
    """Say what is done to commit that version."""
    return partial(commit, version(name), folder, accept)


def reset(folder, before):
    """Put the folder back to where a round begins."""
    if before:
        commit(version(before), folder, accept)
        return
    for path in Path(folder).iterdir():
        path.unlink()


def starts(folder, killed):
    """Tell what the starts after a kill make of it."""
    then = found(folder)
    with suppress(CheckError):
        commit(version("last"), folder, refuse)
    refused = found(folder)
    commit(version("last"), folder, accept)
    return {"killed": killed, "then": then, "refused": refused, "accepted": found(folder)}


def once(folder, before):
    for step in itertools.count(1):
        reset(folder, before)
        killed = killed_at(step, committed(folder, "new"))
        yield starts(folder, [killed])
        if not killed:
            return


def twice(folder, before):
    for first, second in itertools.product(*_steps(folder, before)):
        reset(folder, before)
        steps = {"new": first, "next": second}
        killed = [killed_at(step, committed(folder, name)) for name, step in steps.items()]
        yield starts(folder, killed)


def _steps(folder, before):
    """The steps of the first start, and at least as many as any second start has."""
    number = len(list(once(folder, before)))
    return range(1, number), range(1, number + len(version("new")) + 2)


def leave(folder, before, name):
    for step in itertools.count(1):
        reset(folder, before)
        if killed_at(step, committed(folder, "new")) == name:
            return


def _words():
    parser = ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--from", dest="before")
    parser.add_argument("--twice", action="store_true")
    parser.add_argument("--leave")
    return parser.parse_args()


if __name__ == "__main__":
    given = _words()
    if given.leave:
        leave(given.folder, given.before, given.leave)
        sys.exit()
    rounds = twice if given.twice else once
    json.dump(list(rounds(given.folder, given.before)), sys.stdout)
