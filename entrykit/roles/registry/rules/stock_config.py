"""Recognize the config.yml that images and packages ship."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from entrykit.errors import CommitError
from entrykit.files.fs import open_live
from entrykit.files.mounts import mount_points
from entrykit.variables.documents import Tree, parse_tree

_MAX_BYTES: Final = 10_000

# Every setting in the files of the official images (config-example.yml and config-dev.yml of 2.6
# to 3.1) and of Debian's package.
_LEAVES: Final = frozenset(
    {
        "version=0.1",
        "log.level=debug",
        "log.fields.service=registry",
        "log.fields.environment=development",
        "storage.cache.blobdescriptor=inmemory",
        "storage.delete.enabled=true",
        "storage.filesystem.rootdirectory=/var/lib/registry",
        "storage.filesystem.rootdirectory=/var/lib/docker-registry",
        "storage.maintenance.uploadpurging.enabled=false",
        "storage.tag.concurrencylimit=5",
        "storage.tag.concurrencylimit=8",
        "http.addr=:5000",
        "http.debug.addr=:5001",
        "http.debug.prometheus.enabled=true",
        "http.debug.prometheus.path=/metrics",
        "http.headers.X-Content-Type-Options=nosniff",
        "auth.htpasswd.realm=basic-realm",
        "auth.htpasswd.path=/etc/registry",
        "auth.htpasswd.path=/etc/docker/registry",
        "health.storagedriver.enabled=true",
        "health.storagedriver.interval=10s",
        "health.storagedriver.threshold=3",
    }
)


def is_stock(path: str) -> bool:
    """Whether a file only has settings that images and packages ship, and is not mounted."""
    mounted = mount_points()
    if os.path.realpath(path) in mounted or os.path.dirname(os.path.realpath(path)) in mounted:
        return False
    try:
        with open_live(path) as file:
            tree = parse_tree(file.read(_MAX_BYTES).decode())
    except (OSError, ValueError, CommitError):
        return False
    return isinstance(tree, tuple) and _LEAVES.issuperset(_list_leaves(tree, ()))


def _list_leaves(tree: Tree, path: tuple[str, ...]) -> Iterator[str]:
    if isinstance(tree, tuple):
        for name, value in tree:
            yield from _list_leaves(value, (*path, name))
    elif isinstance(tree, list):
        for item in tree:
            yield from _list_leaves(item, path)
    else:
        yield f"{'.'.join(path)}={tree}"
