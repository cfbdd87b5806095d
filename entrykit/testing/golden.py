"""Render a golden case, compare it with the expected files, or write those."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from entrykit.discovery.finder import load_role
from entrykit.errors import SettingsError
from entrykit.files.config_file import PRIVATE
from entrykit.role import Role
from entrykit.testing.options import roles_environ
from entrykit.testing.rendering import read, render_files
from entrykit.variables.env_files import overlay
from entrykit.variables.settings import Settings

_ENV: Final = "env"
_ERROR: Final = "error.txt"
_EXPECTED: Final = "expected"

__all__ = ["Mismatch", "Outcome", "compare", "read", "read_environ", "render_case", "write"]


class Mismatch(Exception):  # noqa: N818 -- a test result, not an error of the program
    """The result of a case differs from the expected one; the message shows how."""


@dataclass(frozen=True)
class Outcome:
    """The result of a case.

    Attributes:
        role: the role.
        environ: its variables.
        files: contents by path in the case's directory: files in `expected/`, or `error.txt`.
        private: the paths of those that are not world-readable, as they contain secrets.
        settings: the settings; None if the variables are rejected.
    """

    role: Role[Any]
    environ: Mapping[str, str]
    files: Mapping[str, bytes]
    private: frozenset[str] = frozenset()
    settings: Settings | None = field(default=None, repr=False)


def read_environ() -> dict[str, str]:
    """Read `env` in the working directory (docker env-file format), and nothing else."""
    return overlay({}, [_ENV], [])


def render_case(name: str) -> Outcome:
    """Render the case in the working directory.

    Raises:
        EntrykitError: there is no such role, a template is broken, `env` cannot be read.
    """
    role, variables = load_role(name, roles_environ()), {}
    try:
        variables = read_environ()
        _, settings = read(name, variables)
        rendered = render_files(role, settings)
    except SettingsError as error:
        return Outcome(role, variables, {_ERROR: f"{error}\n".encode()})
    paths = {f"{_EXPECTED}/{file.path}": file for file in rendered.values()}
    files = {path: file.text.encode() for path, file in paths.items()}
    private = frozenset(path for path, file in paths.items() if file.mode == PRIVATE)
    return Outcome(role, variables, files, private, settings)


def compare(given: Outcome, folder: Path, name: str) -> None:
    """Compare the result of a case with the expected one.

    Raises:
        Mismatch: with a diff of each file that differs, secrets masked.
    """
    found = _read_golden(folder)
    if found == given.files:
        return
    if given.settings is None and _ERROR not in found:
        what = f"the variables are rejected:\n{given.files[_ERROR].decode()}"
    elif given.settings is not None and _ERROR in found:
        what = f"the variables are accepted, but {_ERROR} exists"
    else:
        paths = dict.fromkeys([*found, *given.files])
        what = "".join(_describe_difference(given, path, found) for path in paths)
    raise Mismatch(f"{what.rstrip()}\n\npytest --entrykit-update {name} writes the new result")


def _describe_difference(given: Outcome, path: str, found: Mapping[str, bytes]) -> str:
    if path not in given.files:
        return f"{path} exists, but is not rendered\n"
    if path not in found:
        return f"{path} is rendered, but does not exist\n"
    if found[path] == given.files[path]:
        return ""
    texts = {
        "expected": found[path].decode(errors="replace"),
        "rendered": given.files[path].decode(errors="replace"),
    }
    return "".join(_diff_lines(given, path, texts))


def _diff_lines(given: Outcome, path: str, texts: Mapping[str, str]) -> Iterator[str]:
    from difflib import unified_diff

    from entrykit.explain.diff import diff_texts
    from entrykit.explain.masking import Masker

    if given.settings is not None:
        masker = Masker(given.role, given.settings)
        name = path.removeprefix(f"{_EXPECTED}/")
        yield from diff_texts(masker, name, texts, private=path in given.private)
        return
    old, new = (_mask(text, given).splitlines(keepends=True) for text in texts.values())
    before, after = (f"{path} ({label})" for label in texts)
    yield from unified_diff(old, new, before, after)


def _mask(text: str, given: Outcome) -> str:
    """Mask the values of secret variables; rejected variables have no settings to ask."""
    from entrykit.variables.secret import mask

    names = given.role.settings.secret_variables() & given.environ.keys()
    values = {line for name in names for line in given.environ[name].splitlines() if line}
    return mask(sorted(values, key=len, reverse=True), text)


def _read_golden(folder: Path) -> dict[str, bytes]:
    found = [folder / _ERROR, *sorted((folder / _EXPECTED).glob("**/*"))]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in found if path.is_file()
    }


def write(given: Outcome, folder: Path) -> bool:
    """Write the result of a case into its directory; leave unchanged files untouched.

    Returns:
        Whether anything was written or removed.

    Raises:
        Mismatch: a symbolic link leads out of the case's directory.
        OSError: it cannot be written.
    """
    found = _read_golden(folder)
    if found == given.files:
        return False
    _refuse_links(folder, {*found, *given.files, _EXPECTED})
    for path in found.keys() - given.files.keys():
        (folder / path).unlink()
    for path, data in given.files.items():
        if found.get(path) != data:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
    if given.settings is None:
        _remove_empty_folders(folder / _EXPECTED)
    return True


def _refuse_links(folder: Path, paths: Iterable[str]) -> None:
    for path in sorted(paths):
        if (folder / path).is_symlink():
            raise Mismatch(f"{path} is a symbolic link, which is not followed")


def _remove_empty_folders(path: Path) -> None:
    """Remove a tree of empty directories."""
    for inner, _, _ in os.walk(path, topdown=False):
        os.rmdir(inner)
