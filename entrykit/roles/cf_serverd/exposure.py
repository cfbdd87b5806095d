"""What is served: that it is there, that it is nobody's key, and that its promises do not clash.

cf-serverd follows the links on the way to a path, and has nothing to say to any of this (tried
with 3.21 and 3.24).
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from entrykit.display import display
from entrykit.log import Log
from entrykit.roles.cf_serverd.access import Access
from entrykit.roles.cf_serverd.keys import PRIVATE
from entrykit.roles.cf_serverd.settings import CfServerdSettings


def check_masterfiles(settings: CfServerdSettings, log: Log) -> Iterator[str]:
    """Yield what is wrong with the policy of clients; warn where there is none in its folder."""
    name, path = _masterfiles_source(settings)
    if not os.path.isdir(path):
        yield f"{name}: {display(path)}: no such folder (expected the policy of clients)"
    elif not os.access(path, os.R_OK | os.X_OK):
        yield f"{name}: {display(path)}: uid {os.geteuid()} may not read it"
    elif not os.listdir(path):
        log.warning(f"{path} is empty: clients get no policy")
    yield from _check_key_exposure(settings, name, path)


def check_access(settings: CfServerdSettings) -> Iterator[str]:
    """Yield what is wrong with the paths of CF_SERVERD_ACCESS."""
    seen: dict[str, str] = {}
    for one in settings.cf_serverd_access:
        path = one.path
        if not os.path.exists(path):
            yield f"CF_SERVERD_ACCESS: {display(path)}: no such file or folder"
        yield from _check_key_exposure(settings, "CF_SERVERD_ACCESS", path)
        other = seen.setdefault(os.path.realpath(path), path)
        if other != path:
            yield f"CF_SERVERD_ACCESS: {display(path)}: the same place as {display(other)}"
        yield from _check_widening(settings, one)


def _check_widening(settings: CfServerdSettings, one: Access) -> Iterator[str]:
    """Yield where two promises for masterfiles add up: what looks narrower would be wider."""
    _, masterfiles = _masterfiles_source(settings)
    admits = any(name.startswith("admit_") for name, _ in one.lists)
    if admits and os.path.realpath(one.path) == os.path.realpath(masterfiles):
        reason = "it is masterfiles, whose own clients would be admitted as well"
        yield f"CF_SERVERD_ACCESS: {display(one.path)}: {reason} (expected CF_SERVERD_ADMIT_…)"


def _masterfiles_source(settings: CfServerdSettings) -> tuple[str, str]:
    """Return the variable that names the folder, and the folder."""
    if settings.cf_serverd_masterfiles:
        return "CF_SERVERD_MASTERFILES", settings.cf_serverd_masterfiles
    return "CFENGINE_WORKDIR", f"{settings.cfengine_workdir}/masterfiles"


def _check_key_exposure(settings: CfServerdSettings, name: str, path: str) -> Iterator[str]:
    """Yield what would give the hub's private key to every client that is admitted."""
    real = os.path.realpath(path)
    if any(os.path.commonpath([real, key]) == real for key in _list_key_paths(settings)):
        yield f"{name}: {display(path)}: the hub's private key is below it (expected another)"


def _list_key_paths(settings: CfServerdSettings) -> Iterator[str]:
    """Yield where the private key is: its place, what that leads to, and where it was given."""
    ppkeys = f"{settings.cfengine_workdir}/ppkeys"
    yield f"{os.path.realpath(ppkeys)}/{PRIVATE}"
    yield os.path.realpath(f"{ppkeys}/{PRIVATE}")
    if settings.private_key_file:
        yield os.path.realpath(settings.private_key_file)
