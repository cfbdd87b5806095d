"""Served paths: they have to exist, must not contain the private key, and must not overlap.

cf-serverd follows the links on the way to a path, and reports none of this (tried with 3.21 and
3.24).
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
    """Yield errors of the clients' policy; warn if its directory is empty."""
    name, path = _masterfiles_source(settings)
    if not os.path.isdir(path):
        yield f"{name}: {display(path)}: no such directory (expected the clients' policy)"
    elif not os.access(path, os.R_OK | os.X_OK):
        yield f"{name}: {display(path)}: uid {os.geteuid()} cannot read it"
    elif not os.listdir(path):
        log.warning(f"{path} is empty: clients get no policy")
    yield from _check_key_exposure(settings, name, path)


def check_access(settings: CfServerdSettings) -> Iterator[str]:
    """Yield errors of the paths of CF_SERVERD_ACCESS."""
    seen: dict[str, str] = {}
    for one in settings.cf_serverd_access:
        path = one.path
        if not os.path.exists(path):
            yield f"CF_SERVERD_ACCESS: {display(path)}: no such file or directory"
        yield from _check_key_exposure(settings, "CF_SERVERD_ACCESS", path)
        other = seen.setdefault(os.path.realpath(path), path)
        if other != path:
            yield f"CF_SERVERD_ACCESS: {display(path)}: the same path as {display(other)}"
        yield from _check_widening(settings, one)


def _check_widening(settings: CfServerdSettings, one: Access) -> Iterator[str]:
    """Refuse a second access list for masterfiles: it would widen the first, not narrow it."""
    _, masterfiles = _masterfiles_source(settings)
    admits = any(name.startswith("admit_") for name, _ in one.lists)
    if admits and os.path.realpath(one.path) == os.path.realpath(masterfiles):
        reason = "this is masterfiles, whose clients would be admitted as well"
        yield f"CF_SERVERD_ACCESS: {display(one.path)}: {reason} (use CF_SERVERD_ADMIT_…)"


def _masterfiles_source(settings: CfServerdSettings) -> tuple[str, str]:
    """Return the variable that names the directory, and the directory."""
    if settings.cf_serverd_masterfiles:
        return "CF_SERVERD_MASTERFILES", settings.cf_serverd_masterfiles
    return "CFENGINE_WORKDIR", f"{settings.cfengine_workdir}/masterfiles"


def _check_key_exposure(settings: CfServerdSettings, name: str, path: str) -> Iterator[str]:
    """Yield an error if clients could fetch the hub's private key."""
    real = os.path.realpath(path)
    if any(os.path.commonpath([real, key]) == real for key in _list_key_paths(settings)):
        yield f"{name}: {display(path)}: contains the hub's private key (expected another path)"


def _list_key_paths(settings: CfServerdSettings) -> Iterator[str]:
    """Yield the paths of the private key: in ppkeys, where that links to, and as supplied."""
    ppkeys = f"{settings.cfengine_workdir}/ppkeys"
    yield f"{os.path.realpath(ppkeys)}/{PRIVATE}"
    yield os.path.realpath(f"{ppkeys}/{PRIVATE}")
    if settings.private_key_file:
        yield os.path.realpath(settings.private_key_file)
