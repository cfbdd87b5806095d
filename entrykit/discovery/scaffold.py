"""Write the skeleton of a new role, which works as it is."""

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
    """Write the files of a new role, which configures nginx at first.

    Args:
        name: the name of the role.
        folder: created if missing; other files in it stay untouched.

    Returns:
        The paths of the written files.

    Raises:
        UsageError: the name is invalid or taken.
        CommitError: a file exists already or cannot be written; then none was written.
    """
    _refuse_name(name)
    files = {os.path.join(folder, path): text for path, text in _files(name)}
    for path in files:
        if os.path.lexists(path):
            tip = "choose a directory without this file"
            raise CommitError(path, "exists already; nothing was written", tip)
    with wrap_os_errors(folder):
        _write(files)
    return list(files)


def _write(files: Mapping[str, str]) -> None:
    """Write all files or none, so that the next attempt finds none in its way."""
    written = []
    try:
        for path, text in files.items():
            make_folder(os.path.dirname(path))
            with open(path, "x", encoding="utf-8") as file:
                written.append(path)
                file.write(text)
    except OSError:
        for path in written:
            os.unlink(path)
        raise


def _refuse_name(name: str) -> None:
    if not _is_role_name(name) or len(name) > _MAX_NAME_LENGTH:
        expected = f"a-z, 0-9 and single -, at most {_MAX_NAME_LENGTH} characters, e.g. my-app"
        raise UsageError(f"{display(name)}: not a valid role name (expected {expected})")
    if is_built_in(name) or name in VERBS:
        what = "a command" if name in VERBS else "a built-in role"
        raise UsageError(f"{name}: the name of {what} (choose another name)")


def _files(name: str) -> Iterator[tuple[str, str]]:
    """Yield the paths and texts of the skeleton, with `my-app` replaced by the name."""
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
