"""What REGISTRY_EXTRA_YAML must not say: what would open the registry, or means something else."""

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
# Keys of config.yml, of 2.8 or 3.x, whose values are times.
_TIMES: Final = frozenset(
    {"age", "backoff", "cachewritetimeout", "draintimeout", "interval", "lifetime", "timeout"}
    | {"ttl", "connmaxidletime", "connmaxlifetime", "dialtimeout", "idletimeout", "pooltimeout"}
    | {"maxretrybackoff", "minretrybackoff", "readtimeout", "writetimeout"}
)
# Below these, names are somebody else's.
_FREE_FORM: Final = frozenset({"fields", "headers", "options", "parameters"})


def check_extra_yaml(settings: RegistryVariables) -> Iterator[str]:
    """Yield the faults of REGISTRY_EXTRA_YAML, which no other variable shares."""
    if "silly" in settings.extra_kinds("auth"):
        yield f"{_NAME}: auth.silly: lets everybody in (expected htpasswd or token, or no auth)"
    if settings.extra:
        yield from _check_emptied(build_from_variables(settings, None), settings.extra, "")
    yield from _check_times(settings.extra, "")
    debug = get_nested(settings.extra, "http", "debug", "addr")
    if isinstance(debug, str) and debug.startswith(":"):
        reason = f"shows profiles and secrets to everybody (expected 127.0.0.1{debug})"
        yield f"{_NAME}: http.debug.addr: {display(debug)}: {reason}"


def _check_emptied(
    ours: Mapping[str, object], extra: Mapping[str, object], above: str
) -> Iterator[str]:
    """Refuse a key with nothing behind it: passwords or TLS of the variables would be gone.

    That is what is left where all lines below a key are comments.
    """
    for name, given in extra.items():
        below = ours.get(name)
        if given in (None, "", []) and name in ours:
            expected = "expected a value, or no such key"
            yield f"{_NAME}: {above}{name}: empties what variables say ({expected})"
        elif isinstance(below, dict) and isinstance(given, dict):
            yield from _check_emptied(below, given, f"{above}{name}.")


def _check_times(tree: object, above: str) -> Iterator[str]:
    """Refuse a time without a unit: the registry takes 10 for 10 ns."""
    if isinstance(tree, list):
        for item in tree:
            yield from _check_times(item, above)
    if not isinstance(tree, dict):
        return
    for name, value in tree.items():
        if name in _TIMES and re.fullmatch(r"[0-9]*[1-9][0-9]*", str(value)):
            yield f"{_NAME}: {above}{name}: {value}: not a time (expected {value}s, say)"
        elif name not in _FREE_FORM:
            yield from _check_times(value, f"{above}{name}.")
