"""Draw where requests go, as Mermaid or SVG."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from entrykit.discovery.built_in import built_in_names
from entrykit.discovery.finder import load_role
from entrykit.display import display_name
from entrykit.errors import UsageError
from entrykit.role import Role
from entrykit.routing import Destination, pluralize
from entrykit.variables.settings import Settings, mask_secrets


def draw_routing(role: Role[Any], settings: Settings, form: str) -> str:
    """Draw the routing of a role.

    Args:
        role: the role.
        settings: its variables.
        form: `mermaid` or `svg`.

    Raises:
        UsageError: the role has no routing.
    """
    if role.routes is None:
        known = ", ".join(name for name in built_in_names() if load_role(name).routes)
        raise UsageError(
            f"--graph: the role {role.name} has no routing (roles that have one: {known})"
        )
    from entrykit.explain.mermaid import mermaid
    from entrykit.explain.svg import svg

    draw: Mapping[str, Callable[[str, Sequence[Destination]], str]]
    draw = {"mermaid": mermaid, "svg": svg}
    found = [_mask_destination(each, settings) for each in role.routes(settings)]
    return draw[form](f"{role.name}: {_summarize(found)}", found)


def _summarize(found: Sequence[Destination]) -> str:
    routes = [route for each in found for route in each.routes if route.by_domain]
    domains = sum(len(route.requests) for route in routes)
    return f"{pluralize(domains, 'domain')}, {pluralize(len(found), 'backend')}"


def _mask_destination(each: Destination, settings: Settings) -> Destination:
    """Mask secrets in every label, and escape what a drawing cannot show."""

    def clean(texts: Sequence[str]) -> tuple[str, ...]:
        return tuple(display_name(mask_secrets(text, settings)) for text in texts)

    routes = tuple(
        route._replace(requests=clean(route.requests), certificate=clean([route.certificate])[0])
        for route in each.routes
    )
    return Destination(clean([each.backend])[0], clean(each.notes), routes, clean(each.servers))
