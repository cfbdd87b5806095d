"""Draw the routing as a Mermaid flowchart, which forges render in Markdown.

Mermaid draws at most 500 arrows and 50,000 characters (`maxEdges` and `maxTextSize` in its
configuration, which a chart cannot raise): backends that do not fit are counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from entrykit.routing import Destination, Route, fold, pluralize, shorten

_MAX_ARROWS: Final = 200  # fewer than Mermaid can draw: more are unreadable
_MAX_CHARACTERS: Final = 40_000
_MAX_ROUTES: Final = 8
_MAX_LABEL: Final = 44
# At the default of 200 pixels, names would wrap at their hyphens.
_HEAD: Final = """config:
  flowchart:
    wrappingWidth: 500
---
flowchart LR
    classDef domains fill:#eef4fb,stroke:#7a9cc0,color:#1c2733
    classDef certificate fill:#eff7ee,stroke:#7fae7b,color:#1c2733
    classDef missing fill:#fdeeee,stroke:#c0504d,color:#7d1f1c,stroke-dasharray:4
    classDef backend fill:#fff7e6,stroke:#c9a14a,color:#1c2733
    classDef server fill:#f3f0fa,stroke:#9384bd,color:#1c2733
    classDef more fill:#ffffff,stroke:#999999,color:#1c2733,stroke-dasharray:4
"""


def mermaid(title: str, destinations: Sequence[Destination]) -> str:
    """Draw the routing.

    Args:
        title: the title.
        destinations: the backends, in order; only the first ones if there are many.
    """
    text = f"---\ntitle: {_quote(title)}\n{_HEAD}"
    arrows = 0
    for place, each in enumerate(destinations):
        lines = list(_destination(f"n{place}", each))
        block = "".join(f"    {line}\n" for line in lines)
        arrows += sum("-->" in line for line in lines)
        if place and (arrows > _MAX_ARROWS or len(text) + len(block) > _MAX_CHARACTERS):
            rest = pluralize(len(destinations) - place, "backend")
            return f"{text}    rest[{_quote(f'and {rest} more')}]:::more\n"
        text += block
    return text


def _destination(key: str, each: Destination) -> Iterator[str]:
    label = "<br/>".join([_escape(each.backend), *map(_escape, each.notes)])
    yield f'{key}b("{label}"):::backend'
    for place, route in enumerate(_limit_routes(each.routes)):
        yield from _route(f"{key}r{place}", key, route)
    for place, server in enumerate(fold(each.servers)):
        yield f"{key}b --> {key}s{place}[{_quote(server)}]:::server"


def _limit_routes(routes: Sequence[Route]) -> Iterator[Route]:
    """Yield the routes, those without a certificate first; merge the last ones if many."""
    ordered = sorted(routes, key=lambda route: route.certain)
    yield from ordered[:_MAX_ROUTES]
    if rest := ordered[_MAX_ROUTES:]:
        requests = tuple(each for route in rest for each in route.requests)
        yield Route(requests, pluralize(len(rest), "more certificate"))


def _route(key: str, destination: str, route: Route) -> Iterator[str]:
    names = "<br/>".join(map(_escape, fold(route.requests)))
    kind = "certificate" if route.certain else "missing"
    yield f'{key}d["{names}"]:::domains --> {key}c([{_quote(route.certificate)}]):::{kind}'
    yield f"{key}c --> {destination}b"


def _quote(text: str) -> str:
    return f'"{_escape(text)}"'


def _escape(text: str) -> str:
    """Escape the characters that have a meaning in Mermaid or HTML."""
    short = shorten(text, _MAX_LABEL)
    return re.sub(r"[^A-Za-z0-9 ._:/*,()\[\]-]", lambda char: f"#{ord(char[0])};", short)
