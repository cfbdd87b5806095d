"""Where requests go: from domains by their certificates to backends and servers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

# Longer lists of names are folded: the rest is shown as a number.
_MAX_NAMES: Final = 12


class Route(NamedTuple):
    """Requests that share a certificate on the way to one backend.

    Attributes:
        requests: the domains, or words for other requests.
        certificate: the name of its file, or why there is none to name.
        certain: whether requests can be answered at all, as far as is known.
        by_domain: whether `requests` are domains.
    """

    requests: tuple[str, ...]
    certificate: str
    certain: bool = True
    by_domain: bool = True


class Destination(NamedTuple):
    """A backend, with what comes to it and where that goes.

    Attributes:
        backend: its name.
        notes: what is special about it, a few words each.
        routes: what comes to it.
        servers: the addresses.
    """

    backend: str
    notes: tuple[str, ...]
    routes: tuple[Route, ...]
    servers: tuple[str, ...]


def pluralize(count: int, noun: str) -> str:
    """Write how many there are of something."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def fold(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names, or the first of them and how many more there are."""
    if len(names) <= _MAX_NAMES:
        return tuple(names)
    return (*names[: _MAX_NAMES - 1], f"and {len(names) - _MAX_NAMES + 1} more")


def shorten(text: str, room: int) -> str:
    """Shorten to so many characters, in the middle: a name differs from others at its ends."""
    if len(text) <= room:
        return text
    tail = room // 2
    return f"{text[: room - tail - 1]}…{text[-tail:]}"
