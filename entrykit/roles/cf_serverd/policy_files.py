"""The surroundings of a policy: other files in CONFIG_DIR, and the tree of a framework.

What is checked has to be what cf-serverd will find: a policy without the def.json beside it, or
with other parts of a framework than the live ones, is another policy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from filecmp import cmp
from typing import Final

from entrykit.display import display
from entrykit.errors import CommitError, SettingsError
from entrykit.files.checksums import CHECKSUMS_FILE, is_listed
from entrykit.files.config_file import MARKS
from entrykit.files.fs import link_file, open_live
from entrykit.log import Log
from entrykit.roles.cf_serverd.settings import CfServerdSettings

_MAIN: Final = "promises.cf"
_AUGMENTS: Final = "def.json"
# cf-serverd would read it instead of def.json.
_PREFERRED: Final = "def_preferred.json"


def link_staged(settings: CfServerdSettings, folder: str) -> None:
    """Link into a staged directory what the live one will contain besides generated files.

    Raises:
        CommitError: a user-supplied file is where the framework needs one of its own.
        SettingsError: there is no framework.
    """
    live = settings.config_dir
    if settings.mpf:
        for name, place in _find_parts(settings):
            os.symlink(place, f"{folder}/{name}")
    stale = settings.mpf or _is_generated(live, _AUGMENTS)
    generated = {CHECKSUMS_FILE, _MAIN, _AUGMENTS} if stale else {CHECKSUMS_FILE, _MAIN}
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        for name in os.listdir(live):
            path = f"{folder}/{name}"
            if name not in generated and not name.startswith(".") and not os.path.lexists(path):
                os.symlink(f"{live}/{name}", path)


def link_live(settings: CfServerdSettings, log: Log) -> None:
    """Link each part of a framework into CONFIG_DIR, unless a user-supplied file is there.

    Without a framework, remove what an earlier start created for one: first promises.cf, which
    would be open without the def.json beside it.

    Args:
        settings: CONFIG_DIR, and where the framework is.
        log: gets a warning for each user-supplied part.

    Raises:
        CommitError: a user-supplied file is where the framework needs one of its own.
        SettingsError: there is no framework.
    """
    live = settings.config_dir
    if settings.mpf:
        for name, place in _find_parts(settings):
            path = f"{live}/{name}"
            if place != path:
                link_file(place, path)
            elif not _is_same_file(path, _part_path(settings, name)):
                log.warning(f"{path} is used instead of {_part_path(settings, name)}")
    elif _is_generated(live, _AUGMENTS):
        if has_framework_link(live):
            os.unlink(f"{live}/{_MAIN}")
        if not os.path.islink(f"{live}/{_MAIN}"):
            os.unlink(f"{live}/{_AUGMENTS}")


def has_framework_link(folder: str) -> bool:
    """Whether an earlier start linked the promises.cf of a framework there, beside its def.json."""
    path = f"{folder}/{_MAIN}"
    return (
        os.path.islink(path) and _is_replaceable(folder, _MAIN) and _is_generated(folder, _AUGMENTS)
    )


def _find_parts(settings: CfServerdSettings) -> Iterator[tuple[str, str]]:
    """Yield the name of each part of the framework, and the path that the hub uses."""
    live = settings.config_dir
    if not os.path.isfile(_part_path(settings, _MAIN)):
        masterfiles = display(os.path.dirname(_part_path(settings, _MAIN)))
        raise SettingsError([f"MPF: {masterfiles} has no promises.cf (expected the framework)"])
    if os.path.lexists(f"{live}/{_PREFERRED}"):
        reason = "cf-serverd would read it instead of def.json"
        raise CommitError(f"{live}/{_PREFERRED}", reason, "move it away")
    for name in sorted(os.listdir(os.path.dirname(_part_path(settings, _MAIN)))):
        if name in {_AUGMENTS, _PREFERRED} or name.startswith("."):
            continue
        path, part = f"{live}/{name}", _part_path(settings, name)
        is_foreign = os.path.exists(path) and (
            _is_same_file(path, part) or not _is_replaceable(live, name)
        )
        if is_foreign and name == _MAIN and not cmp(path, part, shallow=False):
            reason = "it is neither from the framework nor written by entrykit"
            raise CommitError(
                path, reason, "move it away; a link to the framework's file replaces it"
            )
        yield name, path if is_foreign else part


def _part_path(settings: CfServerdSettings, name: str) -> str:
    return f"{settings.cfengine_workdir}/masterfiles/{name}"


def _is_same_file(path: str, other: str) -> bool:
    """Whether both exist and are one file; CONFIG_DIR and masterfiles may be one directory."""
    with suppress(OSError):
        return os.path.samefile(path, other)
    return False


def _is_replaceable(folder: str, name: str) -> bool:
    """Whether entrykit created it: as a link into a framework, or as a generated file."""
    path = f"{folder}/{name}"
    if os.path.islink(path):
        return os.readlink(path).endswith(f"/masterfiles/{name}")
    return name == _MAIN and _is_generated(folder, name)


def _is_generated(folder: str, name: str) -> bool:
    with suppress(OSError), open_live(f"{folder}/{name}") as file:
        octets = file.read()
        return octets.startswith(MARKS) or is_listed(folder, name, octets)
    return False
