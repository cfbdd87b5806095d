"""DOMAINS for a role that connects to no app: it may be a plain list of domains.

    example.com,www.example.com  example.org
    ["example.com", "www.example.com", "example.org"]

Or whatever `entrykit.domains.entries` reads: what is no list has a colon or a brace.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from entrykit.display import display
from entrykit.domains.apps import App
from entrykit.domains.entries import is_map, parse_domains, strip_comments
from entrykit.errors import InvalidValue, parse_each
from entrykit.variables.hostnames import are_normalized, domain
from entrykit.variables.parsers import split_list

# The colon of a URL is not that of an entry, which has no slashes after it.
_URL: Final = re.compile(r"https?://[^\s,]*")


def parse_domains_or_list(text: str) -> tuple[App, ...]:
    """Read the text of DOMAINS, where it may be a plain list.

    Returns:
        For a list one app without a name; otherwise as `parse_domains`.

    Raises:
        InvalidValue: with everything that is wrong, in order.
    """
    bare = strip_comments(text)
    if is_map(bare) or not (items := _items(bare)):
        return parse_domains(text)
    return (App("", None, tuple(dict.fromkeys(_parse_domains(items)))),)


def _items(text: str) -> list[str]:
    """Return the items of a list; none where this is something else."""
    if re.match(r'\s*\[\s*"', text):
        return split_list(text)
    if ":" in _URL.sub("", text):
        return []
    return [item for word in text.split() for item in word.split(",")]


def _parse_domains(items: list[str]) -> Iterable[str]:
    if are_normalized(items):
        return items
    return parse_each(_parse_domain, items)


def _parse_domain(item: str) -> str:
    if not item:
        raise InvalidValue(["an empty item among the domains (expected single commas between)"])
    if _URL.match(item):
        raise InvalidValue([f"{display(item)}: a URL (expected the domain alone)"])
    return domain(item)
