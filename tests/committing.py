"""Three files in two versions, and a program that commits them in a process of its own.

    python committing.py FOLDER VERSION [--filler N] [--refused] [--times N] [--uid U] [--group G]

for what a process must be made for: another user, another mount namespace, two at a time.
It writes a JSON object: `error` and `code`, or `changed`.
"""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser
from pathlib import Path

from entrykit.errors import CheckError, EntrykitError
from entrykit.files.config_file import MARK, PRIVATE, ConfigFile, ConfigFiles
from entrykit.files.transaction import commit


def version(name, filler=""):
    """The set of that version; not even half a file of it is like one of another version."""
    text = f"{name} of many lines\n" * 9
    return ConfigFiles(
        [
            ConfigFile("hosts.map", f"{MARK}\n{text}hosts {filler}\n"),
            ConfigFile("sni.map", f"{MARK}\n{text}server names {filler}\n"),
            ConfigFile("main.cfg", f"{MARK}\n{text}main {filler}\n", PRIVATE),
        ]
    )


def texts(files):
    """What is to be on the disk: names to texts."""
    return {file.path: file.text for file in files.values()}


def found(folder):
    """Everything that is on the disk: names to texts, or to what else there is."""
    return {path.name: _text(path) for path in sorted(Path(folder).iterdir())}


def _text(path):
    if path.is_symlink():
        return f"-> {os.readlink(path)}"
    return path.read_text() if path.is_file() else "a folder"


def identity(folder):
    """What changes if a file is touched in any way."""
    paths = [folder, *folder.iterdir()]
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in paths}


def accept(_folder):
    """Judge nothing."""


def refuse(folder):
    """Refuse whatever it is, as a daemon does."""
    raise CheckError(["daemon", "-c", folder], 1, "no")


def become(uid, group):
    """Give up root, and with it the right to everything; for others there is nothing to do."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(group)
        os.setuid(uid)


def _outcome(words):
    changed = []
    try:
        for _ in range(words.times):
            files = version(words.version, "x" * words.filler)
            changed = commit(files, words.folder, refuse if words.refused else accept)
    except EntrykitError as error:
        return {"error": str(error), "code": error.exit_code}
    return {"changed": changed}


def _words():
    parser = ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("version")
    parser.add_argument("--filler", type=int, default=0, help="how many bytes a file has more")
    parser.add_argument("--refused", action="store_true")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--group", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    given = _words()
    if given.uid is not None:
        become(given.uid, given.group)
    json.dump(_outcome(given), sys.stdout)
