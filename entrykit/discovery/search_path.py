"""Find user-supplied roles on ENTRYKIT_ROLES_PATH."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final

from entrykit.discovery.built_in import ROLE_FILE, ROLES_PATH, is_built_in
from entrykit.display import display_name
from entrykit.errors import SettingsError
from entrykit.variables.names import near_misses
from entrykit.variables.reading import read
from entrykit.verb_table import VERBS

_is_folder_name: Final = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*").fullmatch


def role_name(folder: str) -> str | None:
    """Return the name of the role in a directory; None if the directory's name is none.

    The directory of the role `my-app` is called `my_app` or `my-app`.
    """
    name = os.path.basename(folder)
    return name.replace("_", "-") if _is_folder_name(name) else None


def find_typos(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a warning for each variable that is probably a misspelt ENTRYKIT_ROLES_PATH."""
    return near_misses(environ, [ROLES_PATH])


def find_on_path(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Find the roles on the path without importing them.

    Args:
        environ: ENTRYKIT_ROLES_PATH or ENTRYKIT_ROLES_PATH_FILE: absolute paths separated by
            colons, each of a role's directory with its `role.py`, or of a parent of such
            directories.

    Returns:
        The directory of each role, by name.

    Raises:
        SettingsError: with every error: a directory is missing, contains no role or is
            writable by everyone; a name is invalid or taken.
    """
    given = {name: environ[name] for name in _VARIABLES if name in environ}
    reading = read(given, [ROLES_PATH])
    if reading.errors:
        raise SettingsError(reading.errors.values())
    entries = [entry for entry in reading.values.get(ROLES_PATH, "").split(":") if entry]
    errors: list[str] = []
    found: dict[str, str] = {}
    for entry in dict.fromkeys(entries):
        for folder in _folders(entry, errors):
            _add_role(found, folder, errors)
    if errors:
        raise SettingsError(f"{ROLES_PATH}: {error}" for error in errors)
    return found


_VARIABLES: Final = (ROLES_PATH, f"{ROLES_PATH}_FILE")


def _folders(entry: str, errors: list[str]) -> list[str]:
    """Return the directories of roles for one entry: itself, or those in it."""
    if not os.path.isabs(entry) or "\0" in entry:
        errors.append(f"{display_name(entry)}: not an absolute path (expected /a/path:/another)")
        return []
    entry = entry.rstrip("/") or "/"
    try:
        within = sorted(os.listdir(entry))
    except OSError as error:
        errors.append(f"{display_name(entry)}: {error.strerror}")
        return []
    inner = [os.path.join(entry, name) for name in within]
    folders = [entry] if ROLE_FILE in within else [path for path in inner if _has_role(path)]
    if not folders:
        errors.append(
            f"{display_name(entry)}: contains no role (expected {ROLE_FILE} or NAME/{ROLE_FILE})"
        )
    paths = [entry, *(path for folder in folders for path in _parts(folder))]
    errors += _world_writable_errors(dict.fromkeys(paths))
    return folders


def _has_role(folder: str) -> bool:
    return os.path.isfile(os.path.join(folder, ROLE_FILE))


def _add_role(found: dict[str, str], folder: str, errors: list[str]) -> None:
    name = role_name(folder)
    if name is None:
        errors.append(f"{display_name(folder)}: not a valid role name (e.g. my-app or my_app)")
    elif is_built_in(name):
        errors.append(
            f"{display_name(folder)}: there is a built-in role {name} (choose another name)"
        )
    elif name in VERBS:
        errors.append(
            f"{display_name(folder)}: {name} is an entrykit command (choose another name)"
        )
    elif os.path.realpath(found.setdefault(name, folder)) != os.path.realpath(folder):
        both = f"{display_name(folder)} and {display_name(found[name])}"
        errors.append(f"{both}: both define the role {name} (rename one)")


def _parts(folder: str) -> Iterator[str]:
    """Yield the paths of a role's code: modules, templates and compiled files."""
    yield folder
    for part in ("", "__pycache__", "templates", "templates/__pycache__"):
        within = os.path.join(folder, part)
        with suppress(OSError):
            yield from (os.path.join(within, name) for name in sorted(os.listdir(within)))


def _world_writable_errors(paths: Iterable[str]) -> Iterator[str]:
    """Yield a message for each path where any user could plant code that entrykit would run."""
    for path in paths:
        if _is_world_writable(path):
            yield f"{display_name(path)}: writable by everyone (run chmod o-w)"


def _is_world_writable(path: str) -> bool:
    try:
        # A Kubernetes ConfigMap is world-writable, but mounted read-only.
        return bool(os.stat(path).st_mode & stat.S_IWOTH) and not (
            os.statvfs(path).f_flag & os.ST_RDONLY
        )
    except OSError:
        return False
