"""Errors in REGISTRY_EXTRA_YAML: what would open the registry, or is misunderstood."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from entrykit.display import display
from entrykit.roles.registry.config import build_from_variables
from entrykit.roles.registry.variables.sensitive import get_nested

if TYPE_CHECKING:
    from entrykit.roles.registry.variables.model import RegistryVariables

_NAME: Final = "REGISTRY_EXTRA_YAML"
# Keys of config.yml in 2.8 or 3.x whose values are durations.
_DURATIONS: Final = frozenset(
    {"age", "backoff", "cachewritetimeout", "draintimeout", "interval", "lifetime", "timeout"}
    | {"ttl", "connmaxidletime", "connmaxlifetime", "dialtimeout", "idletimeout", "pooltimeout"}
    | {"maxretrybackoff", "minretrybackoff", "readtimeout", "writetimeout"}
)
# Below these, keys are free.
_FREE_FORM: Final = frozenset({"fields", "headers", "options", "parameters"})


def check_extra_yaml(settings: RegistryVariables) -> Iterator[str]:
    """Yield a message for each error in REGISTRY_EXTRA_YAML."""
    if "silly" in settings.extra_kinds("auth"):
        yield f"{_NAME}: auth.silly: lets every client in (expected htpasswd or token, or no auth)"
    if settings.extra:
        yield from _check_emptied(build_from_variables(settings, None), settings.extra, "")
    yield from _check_durations(settings.extra, "")
    debug = get_nested(settings.extra, "http", "debug", "addr")
    if isinstance(debug, str) and debug.startswith(":"):
        reason = f"shows profiles and secrets to every client (expected 127.0.0.1{debug})"
        yield f"{_NAME}: http.debug.addr: {display(debug)}: {reason}"


def _check_emptied(
    own: Mapping[str, object], extra: Mapping[str, object], above: str
) -> Iterator[str]:
    """Refuse an empty key: it would remove the passwords or TLS that variables configure.

    A key is empty, for example, if all lines below it are comments.
    """
    for name, given in extra.items():
        below = own.get(name)
        if given in (None, "", []) and name in own:
            expected = "expected a value, or no key"
            yield f"{_NAME}: {above}{name}: removes what variables set ({expected})"
        elif isinstance(below, dict) and isinstance(given, dict):
            yield from _check_emptied(below, given, f"{above}{name}.")


def _check_durations(tree: object, above: str) -> Iterator[str]:
    """Refuse a duration without a unit: the registry reads 10 as 10 ns."""
    if isinstance(tree, list):
        for item in tree:
            yield from _check_durations(item, above)
    if not isinstance(tree, dict):
        return
    for name, value in tree.items():
        if name in _DURATIONS and re.fullmatch(r"[0-9]*[1-9][0-9]*", str(value)):
            yield f"{_NAME}: {above}{name}: {value}: not a duration (expected e.g. {value}s)"
        elif name not in _FREE_FORM:
            yield from _check_durations(value, f"{above}{name}.")
