"""A user's repository with cases, in which pytest is run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from programs import under_test
from testing import nursery

BIN = Path(sys.executable).parent
CASE = "tests/cases/prod"
SECONDS = 300
SITE = "DOMAINS=web:example.com\n"
ROLE = ("-o", "entrykit_role=haproxy")


class Repository:
    """A directory with files, with its own PATH and directory for temporary files."""

    def __init__(self, folder, *daemons):
        self.folder = folder / "repository"
        self.scratch = folder / "tmp"
        self.daemons = folder / "daemons"
        for each in (self.folder, self.scratch, self.daemons):
            each.mkdir()
        for daemon in daemons:
            (self.daemons / daemon).symlink_to(under_test(daemon))

    @property
    def environ(self):
        """Without other daemons in PATH or variables of this process."""
        path = f"{self.daemons}:{BIN}:/usr/bin:/bin"
        quiet = {"PYTHONDONTWRITEBYTECODE": "1", "HOME": str(self.scratch)}
        return {"PATH": path, "TMPDIR": str(self.scratch), **quiet}

    def add(self, files):
        """Write files, paths to texts."""
        for path, text in files.items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return self

    def texts(self):
        """Every file's path and text."""
        found = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_text() for path in found}

    def run(self, *argv, **environ):
        """Run a command there to its end."""
        return subprocess.run(
            argv, cwd=self.folder, env=self.environ | environ, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip

    def pytest(self, *words, **environ):
        """Run pytest there, with our plugin alone, in a process that is forked off."""
        streams = {name: str(self.scratch.parent / name) for name in ("stdout", "stderr")}
        alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        request = {
            "words": ["-p", "no:cacheprovider", "-p", "entrykit.testing.plugin", *words],
            "folder": str(self.folder), "environ": self.environ | alone | environ,
            "seconds": SECONDS, **streams,
        }  # fmt: skip
        for path in streams.values():
            Path(path).write_bytes(b"")
        started = forking()
        started.stdin.write(f"{json.dumps(request)}\n")
        started.stdin.flush()
        code = int(started.stdout.readline())
        return Ran(code, *(Path(path).read_text() for path in streams.values()))

    def program(self, *words, **environ):
        """Run the program `pytest` there, with all plugins of this environment."""
        done = self.run("pytest", "-p", "no:cacheprovider", *words, **environ)
        return Ran(done.returncode, done.stdout, done.stderr)


@cache
def forking():
    """The process that runs of pytest are forked off; it ends with its standard input."""
    return subprocess.Popen(
        [sys.executable, nursery.__file__], text=True, env={"PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


class Ran:
    """A run of pytest.

    Attributes:
        code: its exit code.
        said: all that it has said.
        counts: how many tests came out how: `passed`, `failed`, `skipped`, `updated` …
    """

    def __init__(self, code, stdout, stderr):
        self.code = code
        self.said = stdout + stderr
        summary = stdout.rstrip().rpartition("\n")[2]
        self.counts = {word: int(number) for number, word in re.findall(r"(\d+) ([a-z]+)", summary)}
