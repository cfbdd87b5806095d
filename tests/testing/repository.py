"""A repository of somebody's, with cases; pytest runs there as they would run it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from programs import under_test

BIN = Path(sys.executable).parent
CASE = "tests/cases/prod"
SITE = "DOMAINS=web:example.com\n"
ROLE = ("-o", "entrykit_role=haproxy")


class Repository:
    """A folder with files, a PATH and a folder for temporary files of its own."""

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
        """With no other daemon in PATH, and with nothing of ours."""
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
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def pytest(self, *words, **environ):
        """Run pytest there."""
        return Ran(self.run("pytest", "-p", "no:cacheprovider", *words, **environ))


class Ran:
    """A run of pytest.

    Attributes:
        code: its exit code.
        said: all that it has said.
        counts: how many tests came out how: `passed`, `failed`, `skipped`, `updated` …
    """

    def __init__(self, process):
        self.code = process.returncode
        self.said = process.stdout + process.stderr
        summary = process.stdout.rstrip().rpartition("\n")[2]
        self.counts = {word: int(number) for number, word in re.findall(r"(\d+) ([a-z]+)", summary)}
