"""ENTRYKIT_ROLES_PATH: where the roles of others are, and which there are."""

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
from entrykit.variables.reading import read
from entrykit.variables.typos import near_misses
from entrykit.verb_table import VERBS

_is_folder_name: Final = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*").fullmatch


def role_name(folder: str) -> str | None:
    """Return the name of the role in a folder, which is called like it; None if that is none.

    A folder is called `my_app` or `my-app` for the role `my-app`.
    """
    name = os.path.basename(folder)
    return name.replace("_", "-") if _is_folder_name(name) else None


def find_typos(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a warning for each variable that is probably meant for the path."""
    return near_misses(environ, [ROLES_PATH])


def find_on_path(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Look for roles on the path; nothing of them is imported.

    Args:
        environ: ENTRYKIT_ROLES_PATH, or ENTRYKIT_ROLES_PATH_FILE, is absolute folders with
            colons between them: each that of a role, with its `role.py`, or one of such folders.

    Returns:
        Names to the roles' folders.

    Raises:
        SettingsError: with every fault: a folder is not there, has no role, can be written by
            everybody; a name is none, or another's as well.
    """
    given = {name: environ[name] for name in _VARIABLES if name in environ}
    reading = read(given, [ROLES_PATH])
    if reading.faults:
        raise SettingsError(reading.faults.values())
    entries = [entry for entry in reading.values.get(ROLES_PATH, "").split(":") if entry]
    faults: list[str] = []
    found: dict[str, str] = {}
    for entry in dict.fromkeys(entries):
        for folder in _folders(entry, faults):
            _add_role(found, folder, faults)
    if faults:
        raise SettingsError(f"{ROLES_PATH}: {fault}" for fault in faults)
    return found


_VARIABLES: Final = (ROLES_PATH, f"{ROLES_PATH}_FILE")


def _folders(entry: str, faults: list[str]) -> list[str]:
    """Return the folders of roles that one entry is or has."""
    if not os.path.isabs(entry) or "\0" in entry:
        faults.append(f"{display_name(entry)}: not an absolute path (expected /a/path:/another)")
        return []
    entry = entry.rstrip("/") or "/"
    try:
        within = sorted(os.listdir(entry))
    except OSError as error:
        faults.append(f"{display_name(entry)}: {error.strerror}")
        return []
    inner = [os.path.join(entry, name) for name in within]
    folders = [entry] if ROLE_FILE in within else [path for path in inner if _has_role(path)]
    if not folders:
        faults.append(
            f"{display_name(entry)}: no role in it (expected {ROLE_FILE}, or NAME/{ROLE_FILE})"
        )
    paths = [entry, *(path for folder in folders for path in _parts(folder))]
    faults += _world_writable_errors(dict.fromkeys(paths))
    return folders


def _has_role(folder: str) -> bool:
    return os.path.isfile(os.path.join(folder, ROLE_FILE))


def _add_role(found: dict[str, str], folder: str, faults: list[str]) -> None:
    name = role_name(folder)
    if name is None:
        faults.append(
            f"{display_name(folder)}: no role has such a name (expected my-app or my_app, say)"
        )
    elif is_built_in(name):
        faults.append(
            f"{display_name(folder)}: entrykit has a role {name} itself (expected another name)"
        )
    elif name in VERBS:
        faults.append(
            f"{display_name(folder)}: {name} is a verb of entrykit's (expected another name)"
        )
    elif os.path.realpath(found.setdefault(name, folder)) != os.path.realpath(folder):
        both = f"{display_name(folder)} and {display_name(found[name])}"
        faults.append(f"{both}: two roles are called {name} (expected one)")


def _parts(folder: str) -> Iterator[str]:
    """Yield what a role's code comes from: modules, templates, what Python has made of them."""
    yield folder
    for part in ("", "__pycache__", "templates", "templates/__pycache__"):
        within = os.path.join(folder, part)
        with suppress(OSError):
            yield from (os.path.join(within, name) for name in sorted(os.listdir(within)))


def _world_writable_errors(paths: Iterable[str]) -> Iterator[str]:
    """Yield a fault for each place where anybody could put code of theirs, which we would run."""
    for path in paths:
        if _is_world_writable(path):
            yield f"{display_name(path)}: everybody may write to it (expected chmod o-w)"


def _is_world_writable(path: str) -> bool:
    try:
        # A ConfigMap of Kubernetes is such a folder, on a mount that is read-only.
        return bool(os.stat(path).st_mode & stat.S_IWOTH) and not (
            os.statvfs(path).f_flag & os.ST_RDONLY
        )
    except OSError:
        return False
