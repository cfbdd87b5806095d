"""Names of variables that are probably typos, or that container engines set for services."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from entrykit.display import display

# A service named `http` sets HTTP_PORT=tcp://10.0.0.1:80 and the like in every pod of its
# namespace (Kubernetes, "Environment variables" of "Service"; Docker's links did the same).
is_link_value: Final = re.compile(r"(?:tcp|udp|sctp)://\S+:\d+").fullmatch
_is_link_name: Final = re.compile(
    r"\w+_(?:SERVICE_(?:HOST|PORT)(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?)"
).fullmatch


def is_service_link(name: str, value: str) -> bool:
    """Whether a container engine set a variable for a service on the same network."""
    return bool(is_link_value(value) or _is_link_name(name))


def near_misses(environ: Mapping[str, str], names: Collection[str]) -> Iterator[str]:
    """Yield a warning for each set variable that is one edit away from a known one."""
    known = {*names, *(f"{name}_FILE" for name in names)}
    variants: dict[str, str] = {}
    for name in sorted(known, reverse=True):
        variants.update(dict.fromkeys(_deletion_variants(name), name))
    variants |= {name: name for name in known}  # HTTP_PORT is one letter short of HTTPS_PORT
    longest = max(map(len, known), default=0) + 1
    for name in sorted(environ):
        if name in known or len(name) > longest or is_service_link(name, environ[name]):
            continue
        edited = _deletion_variants(name.upper())
        meant = next((variants[each] for each in edited if each in variants), None)
        if meant:
            given = name if name.isidentifier() else display(name)
            yield f"{given}: no such variable; did you mean {meant}?"


def _deletion_variants(name: str) -> Iterable[str]:
    """Yield the name, and the name without each one of its characters.

    Two names that share one of these differ by a swapped pair, or by a character that is missing,
    added or wrong. This is the symmetric-delete algorithm of spell checkers, which does not
    compare every name with every other.
    """
    yield name
    for place in range(len(name)):
        yield name[:place] + name[place + 1 :]
