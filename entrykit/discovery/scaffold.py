"""A new role of somebody's: a folder that works as it is, to be changed from there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from entrykit.discovery.built_in import is_built_in
from entrykit.display import shown
from entrykit.errors import CommitError, UsageError
from entrykit.files.fs import make_folder
from entrykit.files.transaction import writing
from entrykit.verb_table import VERBS

_SKELETON: Final = Path(__file__).with_name("skeleton")
_name: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*").fullmatch
_LONGEST: Final = 30


def write(name: str, folder: str) -> list[str]:
    """Write the files of a role that configures nginx, to begin with.

    Args:
        name: the role's.
        folder: made where it is not there; other files in it are let be.

    Returns:
        The paths of what was written.

    Raises:
        UsageError: no role can have such a name.
        CommitError: a file is there already, or one cannot be written; then none was.
    """
    _refuse_name(name)
    files = {os.path.join(folder, path): text for path, text in _files(name)}
    for path in files:
        if os.path.lexists(path):
            tip = "name a folder that has no such file"
            raise CommitError(path, "it is there already; nothing was written", tip)
    with writing(folder):
        _write(files)
    return list(files)


def _write(files: Mapping[str, str]) -> None:
    """Write all files or none: what is left would be in the way of the next try."""
    made = []
    try:
        for path, text in files.items():
            make_folder(os.path.dirname(path))
            with open(path, "x", encoding="utf-8") as file:
                made.append(path)
                file.write(text)
    except OSError:
        for path in made:
            os.unlink(path)
        raise


def _refuse_name(name: str) -> None:
    if not _name(name) or len(name) > _LONGEST:
        expected = f"expected a-z, 0-9 and single -, at most {_LONGEST}: my-app, say"
        raise UsageError(f"{shown(name)}: no name for a role ({expected})")
    if is_built_in(name) or name in VERBS:
        what = "a verb" if name in VERBS else "a role"
        raise UsageError(f"{name}: entrykit has {what} of this name (expected another one)")


def _files(name: str) -> Iterator[tuple[str, str]]:
    """Yield the paths and texts of the skeleton, which is a role called my-app itself."""
    for path in sorted(_SKELETON.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield (
                _renamed(path.relative_to(_SKELETON).as_posix(), name),
                _renamed(path.read_text(encoding="utf-8"), name),
            )


def _renamed(text: str, name: str) -> str:
    words = name.split("-")
    forms: Mapping[str, str] = {
        "my-app": name,
        "my_app": "_".join(words),
        "MY_APP": "_".join(words).upper(),
        "MyApp": "".join(map(str.capitalize, words)),
    }
    return re.sub("|".join(forms), lambda found: forms[found[0]], text)
