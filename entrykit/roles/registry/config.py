"""Build the tree of config.yml from the variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from entrykit.roles.registry.variables.sensitive import SensitiveTree, wrap_secrets

if TYPE_CHECKING:
    from entrykit.roles.registry.release import Release
    from entrykit.roles.registry.variables.model import RegistryVariables

Tree: TypeAlias = dict[str, object]

DEFAULT_ROOT: Final = "/var/lib/registry"
_SECTIONS: Final[tuple[str, ...]] = (
    *("version", "log", "storage", "auth", "middleware", "http", "notifications", "redis"),
    *("health", "proxy", "validation", "catalog", "tags", "policy"),
)
_NOT_LEAVES: Final = frozenset(
    {"registry_storage", "registry_auth", "registry_auth_htpasswd_users"}
    | {"registry_auth_htpasswd_path", "registry_extra_yaml"}
    | {"registry_replicas", "registry_release"}
)
# What 2.8 has in a section `pool`, with the names of 3.x.
_POOL: Final = {
    "maxidle": "maxidleconns",
    "maxactive": "poolsize",
    "idletimeout": "connmaxidletime",
}


def build(settings: RegistryVariables, release: Release | None) -> Tree:
    """Build the whole tree.

    Args:
        settings: the variables, without conflicts.
        release: the release to write for; None writes both forms, and each release reads its own.
    """
    return _merge(build_from_variables(settings, release), settings.extra)


def build_from_variables(settings: RegistryVariables, release: Release | None) -> Tree:
    """Build the tree of all variables except REGISTRY_EXTRA_YAML."""
    tree: Tree = {"version": "0.1", "storage": {}}
    for name, value in _list_leaves(settings):
        _put(tree, name.split("_")[1:], value)
    _put_storage(tree, settings)
    if settings.login == "htpasswd" and settings.htpasswd_path:
        _put(tree, ["auth", "htpasswd", "path"], settings.htpasswd_path)
    if settings.redis:
        tree["redis"] = _build_redis(settings, release)
    return {name: tree[name] for name in _SECTIONS if name in tree}


def _list_leaves(settings: RegistryVariables) -> Iterator[tuple[str, object]]:
    other_login = "token" if settings.login == "htpasswd" else "htpasswd"
    for name, value in settings.effective_values.items():
        if name in _NOT_LEAVES or not name.startswith("registry_"):
            continue
        section, leaf = name.split("_")[1], name.removeprefix("registry_auth_")
        if section == "redis" or (section == "auth" and leaf.startswith(other_login)):
            continue
        yield name, value


def _put(tree: Tree, path: list[str], value: object) -> None:
    for part in path[:-1]:
        inner = tree.setdefault(part, {})
        assert isinstance(inner, dict)  # noqa: S101 -- no variable name is a prefix of another
        tree = inner
    tree[path[-1]] = wrap_secrets(value.tree) if isinstance(value, SensitiveTree) else value


def _put_storage(tree: Tree, settings: RegistryVariables) -> None:
    own, driver = settings.effective_values, settings.driver
    storage: Tree = {} if driver is None else {driver: {}}
    given = tree["storage"]
    tree["storage"] = storage | (given if isinstance(given, dict) else {})
    if driver == "filesystem" and "registry_storage_filesystem_rootdirectory" not in own:
        _put(tree, ["storage", "filesystem", "rootdirectory"], DEFAULT_ROOT)
    if driver == "s3" and "registry_storage_s3_regionendpoint" in own:
        given = own.get("registry_storage_s3_forcepathstyle", True)
        _put(tree, ["storage", "s3", "forcepathstyle"], given)
    if driver == "azure" and "registry_storage_azure_credentials_type" not in own:
        # 3.x needs it (3.1.2 panics without); 2.8 ignores it.
        _put(tree, ["storage", "azure", "credentials", "type"], "shared_key")
    if "registry_storage_cache_blobdescriptor" not in own:
        cache = "redis" if settings.redis else "inmemory"
        _put(tree, ["storage", "cache", "blobdescriptor"], cache)


def _build_redis(settings: RegistryVariables, release: Release | None) -> Tree:
    """Build the section `redis` for 2.8, for 3.x, or for both: each ignores the other's keys."""
    prefix = "registry_redis_"
    given = {
        name.removeprefix(prefix): value
        for name, value in settings.effective_values.items()
        if name.startswith(prefix) and not name.startswith(f"{prefix}addr")
    }
    pool = {name: given.pop(f"pool_{name}") for name in _POOL if f"pool_{name}" in given}
    found: Tree = {}
    if release != "3":
        found["addr"] = settings.redis[0]
    if release != "2.8":
        found["addrs"] = settings.redis
    for name, value in given.items():
        _put(found, name.split("_"), value)
    if pool and release != "3":
        found["pool"] = pool
    if release != "2.8":
        found |= {_POOL[name]: value for name, value in pool.items()}
    return found


def _merge(under: Tree, over: Mapping[str, object]) -> Tree:
    """Merge a map into another: nested maps are merged, everything else is replaced."""
    found = dict(under)
    for name, value in over.items():
        below = found.get(name)
        both = isinstance(below, dict) and isinstance(value, dict)
        found[name] = _merge(below, value) if both else wrap_secrets(value)  # type: ignore[arg-type]
    return found
