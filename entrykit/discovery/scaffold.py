"""A new role of somebody's: a folder that works as it is, to be changed from there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from entrykit.discovery.built_in import is_built_in
from entrykit.display import display
from entrykit.errors import CommitError, UsageError
from entrykit.files.fs import make_folder
from entrykit.files.transaction import wrap_os_errors
from entrykit.verb_table import VERBS

_SKELETON: Final = Path(__file__).with_name("skeleton")
_is_role_name: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*").fullmatch
_MAX_NAME_LENGTH: Final = 30


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
    with wrap_os_errors(folder):
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
    if not _is_role_name(name) or len(name) > _MAX_NAME_LENGTH:
        expected = f"expected a-z, 0-9 and single -, at most {_MAX_NAME_LENGTH}: my-app, say"
        raise UsageError(f"{display(name)}: no name for a role ({expected})")
    if is_built_in(name) or name in VERBS:
        what = "a verb" if name in VERBS else "a role"
        raise UsageError(f"{name}: entrykit has {what} of this name (expected another one)")


def _files(name: str) -> Iterator[tuple[str, str]]:
    """Yield the paths and texts of the skeleton, which is a role called my-app itself."""
    for path in sorted(_SKELETON.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield (
                _substitute_name(path.relative_to(_SKELETON).as_posix(), name),
                _substitute_name(path.read_text(encoding="utf-8"), name),
            )


def _substitute_name(text: str, name: str) -> str:
    words = name.split("-")
    forms: Mapping[str, str] = {
        "my-app": name,
        "my_app": "_".join(words),
        "MY_APP": "_".join(words).upper(),
        "MyApp": "".join(map(str.capitalize, words)),
    }
    return re.sub("|".join(forms), lambda found: forms[found[0]], text)
