"""Where requests go: from domains by their certificates to backends and servers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from entrykit.daemon.check import masked
from entrykit.display import told
from entrykit.errors import UsageError
from entrykit.role import Role, built_in_names, load_role
from entrykit.variables.settings import Settings

# More names than that in one place are folded: their number is said.
_MOST: Final = 12


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


def drawn(role: Role[Any], settings: Settings, form: str) -> str:
    """Draw the routing of a role.

    Args:
        role: whose.
        settings: its variables.
        form: `mermaid` or `svg`.

    Raises:
        UsageError: the role routes nothing.
    """
    if role.routes is None:
        known = ", ".join(name for name in built_in_names() if load_role(name).routes)
        raise UsageError(f"--graph: {role.name} routes nothing (expected {known})")
    from entrykit.explain.mermaid import mermaid
    from entrykit.explain.svg import svg

    draw: Mapping[str, Callable[[str, Sequence[Destination]], str]]
    draw = {"mermaid": mermaid, "svg": svg}
    found = [_visible(each, settings) for each in role.routes(settings)]
    return draw[form](f"{role.name}: {_counted(found)}", found)


def _counted(found: Sequence[Destination]) -> str:
    routes = [route for each in found for route in each.routes if route.by_domain]
    domains = sum(len(route.requests) for route in routes)
    return f"{number(domains, 'domain')}, {number(len(found), 'backend')}"


def number(count: int, noun: str) -> str:
    """Write how many there are of something."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _visible(each: Destination, settings: Settings) -> Destination:
    """Have no label show a secret, or what no drawing can hold."""

    def clean(texts: Sequence[str]) -> tuple[str, ...]:
        return tuple(told(masked(text, settings)) for text in texts)

    routes = tuple(
        route._replace(requests=clean(route.requests), certificate=clean([route.certificate])[0])
        for route in each.routes
    )
    return Destination(clean([each.backend])[0], clean(each.notes), routes, clean(each.servers))


def folded(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names, or the first of them and how many more there are."""
    if len(names) <= _MOST:
        return tuple(names)
    return (*names[: _MOST - 1], f"and {len(names) - _MOST + 1} more")


def cut(text: str, room: int) -> str:
    """Shorten to so many characters, in the middle: a name differs from others at its ends."""
    if len(text) <= room:
        return text
    tail = room // 2
    return f"{text[: room - tail - 1]}…{text[-tail:]}"
