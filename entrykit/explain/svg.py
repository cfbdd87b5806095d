"""Draw the routing as SVG: a band for each backend, from left to right.

Text that must fit is monospaced, so its width is known without a browser. There are no
scripts; tooltips show what is shortened or folded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from entrykit.routing import Destination, Route, fold, shorten

_ROW: Final = 18
_PAD: Final = 4
_GAP: Final = 5
_TOP: Final = 78
_LEFT: Final = 20
_SIDE: Final = 8
_BETWEEN: Final = 34
_GLYPH: Final = 7.4  # width of a 12 px monospaced character, with some margin
_LINE_END: Final = "\n"

_STYLE: Final = """
text{font:12px monospace;fill:#1c2733}
text.title{font:bold 17px sans-serif}text.head{font:bold 12px sans-serif;fill:#5a6775}
text.more{font-style:italic;fill:#5a6775}
rect{rx:5px}.band{fill:#f4f6f8}.requests{fill:#eaf2fb;stroke:#7a9cc0}
.certificate{fill:#eff7ee;stroke:#7fae7b}
.missing{fill:#fdeeee;stroke:#c0504d;stroke-dasharray:4 3}
.backend{fill:#fff7e6;stroke:#c9a14a}.server{fill:#f3f0fa;stroke:#9384bd}
path{fill:none;stroke:#8793a0;stroke-width:1.4;marker-end:url(#tip)}
path.broken{stroke:#c0504d;stroke-dasharray:4 3}
#tip path{fill:#8793a0;stroke:none;marker-end:none}
"""
_HEAD: Final = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
    'markerHeight="7" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z"/>'
    "</marker></defs>"
)


class _Column(NamedTuple):
    title: str
    left: int
    width: int

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def room(self) -> int:
        """How many characters fit."""
        return round((self.width - 2 * _SIDE) / _GLYPH)


class _Columns(NamedTuple):
    requests: _Column
    certificate: _Column
    backend: _Column
    servers: _Column


def svg(title: str, destinations: Sequence[Destination]) -> str:
    """Draw the routing.

    Args:
        title: a line for people.
        destinations: the backends, from top to bottom.
    """
    columns = _columns(destinations)
    width = columns.servers.right + _LEFT
    body: list[str] = []
    top = _TOP
    for each in destinations:
        height = _height(each)
        body.append(f'<rect class="band" x="8" y="{top}" width="{width - 16}" height="{height}"/>')
        body += _band(columns, each, top + height / 2)
        top += height + _GAP
    size = f'width="{width}" height="{top}"'
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width} {top}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        _HEAD,
        f'<rect {size} fill="#ffffff"/>',
        f'<text class="title" x="{_LEFT}" y="34">{escape(title)}</text>',
        *(f'<text class="head" x="{each.left}" y="64">{each.title}</text>' for each in columns),
    ]
    return "\n".join([*head, *body, "</svg>\n"])


def _columns(destinations: Sequence[Destination]) -> _Columns:
    """Return columns as wide as their content, up to a limit."""
    routes = [route for each in destinations for route in each.routes]
    texts = (
        ("Requests for", 38, [text for route in routes for text in fold(route.requests)]),
        ("Certificate", 28, [route.certificate for route in routes]),
        ("Backend", 28, [text for each in destinations for text in (each.backend, *each.notes)]),
        ("Servers", 34, [text for each in destinations for text in fold(each.servers)]),
    )
    left, found = _LEFT, []
    for title, most, labels in texts:
        longest = max(map(len, [title, *labels]))
        found.append(_Column(title, left, round(min(longest, most) * _GLYPH) + 2 * _SIDE))
        left = found[-1].right + _BETWEEN
    return _Columns(*found)


def _height(each: Destination) -> int:
    backend = _box_height(1 + len(each.notes)) + _PAD
    servers = _box_height(len(fold(each.servers))) + _PAD
    return max(_routes_height(each), backend, servers) + _PAD


def _routes_height(each: Destination) -> int:
    return sum(_box_height(len(fold(route.requests))) + _PAD for route in each.routes)


def _box_height(rows: int) -> int:
    return rows * _ROW + _PAD


def _band(columns: _Columns, each: Destination, middle: float) -> Iterator[str]:
    down = middle - (_routes_height(each) - _PAD) / 2
    for route in each.routes:
        size = _box_height(len(fold(route.requests)))
        yield from _route(columns, route, down + size / 2, middle)
        down += size + _PAD
    yield from _box(columns.backend, "backend", middle, [each.backend, *each.notes])
    yield _arrow(columns.backend, middle, columns.servers, middle)
    yield from _box(columns.servers, "server", middle, each.servers)


def _route(columns: _Columns, route: Route, middle: float, target: float) -> Iterator[str]:
    kind = "certificate" if route.certain else "missing"
    yield from _box(columns.requests, "requests", middle, route.requests)
    yield _arrow(columns.requests, middle, columns.certificate, middle, certain=route.certain)
    yield from _box(columns.certificate, kind, middle, [route.certificate])
    yield _arrow(columns.certificate, middle, columns.backend, target, certain=route.certain)


def _box(column: _Column, kind: str, middle: float, texts: Sequence[str]) -> Iterator[str]:
    rows = fold(texts)
    height = _box_height(len(rows))
    top = middle - height / 2
    yield f"<g><title>{escape(_LINE_END.join(texts))}</title>"
    yield (
        f'<rect class="{kind}" x="{column.left}" y="{top:g}" width="{column.width}" '
        f'height="{height}"/>'
    )
    for place, text in enumerate(rows):
        style = ' class="more"' if len(rows) < len(texts) and text is rows[-1] else ""
        yield (
            f'<text{style} x="{column.left + _SIDE}" y="{top + place * _ROW + 15:g}">'
            f"{escape(shorten(text, column.room))}</text>"
        )
    yield "</g>"


def _arrow(
    start: _Column, from_y: float, end: _Column, to_y: float, *, certain: bool = True
) -> str:
    left, right = start.right, end.left - 2
    half = (left + right) / 2
    style = "" if certain else ' class="broken"'
    curve = f"M{left} {from_y:g}C{half:g} {from_y:g} {half:g} {to_y:g} {right} {to_y:g}"
    return f'<path{style} d="{curve}"/>'
