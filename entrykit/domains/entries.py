"""The DOMAINS grammar: which app serves which domains.

    web:example.com,www.example.com  api:9000:api.example.com  old:old.example.com/8080
    {"web": ["example.com"], "api": {"port": 9000, "domains": ["api.example.com"]}}

Either entries separated by blanks, where a # at the start of one begins a comment
to the end of the line; or a map in JSON or YAML (`entrykit.domains.mapping`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from entrykit.domains.apps import App, cut_name
from entrykit.domains.collector import Collector, Place

__all__ = ["App", "parse_domains"]

_COMMENT: Final = re.compile(r"(?<!\S)#[^\r\n]*")
# A number alone is not a domain, but a port whose domains are missing.
_ENTRY: Final = re.compile(r"(\[[^\]]*+\][^:]*+|[^:]*+):(?:([^:]*+):)?((?![0-9]+\Z)[^:]++)")
_EXPECTED: Final = "(expected app:domain,domain or app:port:domain,domain)"


def parse_domains(text: str, *, ports: Mapping[str, int] = MappingProxyType({})) -> tuple[App, ...]:
    """Read the text of DOMAINS.

    Args:
        text: entries, or a map.
        ports: what the role takes for an app that is given no port, by its `tls`: such an
            app is the same as one that is given just that port.

    Returns:
        An app for each name and port, in order of appearance.

    Raises:
        InvalidValue: with everything that is wrong, in order.
    """
    bare = strip_comments(text)
    collector = Collector(ports)
    if is_map(bare):
        from entrykit.domains.mapping import read_map

        read_map(text, collector)
    else:
        _read_entries(bare, collector)
    return collector.apps()


def strip_comments(text: str) -> str:
    """Drop the comments of entries."""
    return _COMMENT.sub("", text) if "#" in text else text


def is_map(text: str) -> bool:
    """Whether this is JSON or YAML: an entry begins with no brace, and goes on behind its colon.

    In one line, what comes after that colon must not be an entry itself.
    """
    first, newline, _ = text.strip().partition("\n")
    word, value = [*first.split(maxsplit=2), "", ""][:2]
    if word.startswith("{"):
        return True
    if word != "---" and not word.endswith(":"):
        return False
    return bool(newline or value.startswith("{") or (value and ":" not in value))


def _read_entries(text: str, collector: Collector) -> None:
    for number, word in enumerate(text.split(), start=1):
        place = Place(f"entry {number}", word)
        if match := _ENTRY.fullmatch(word):
            name, port, domains = match.groups()
            collector.add(place, (name, port), domains.split(","))
        else:
            collector.refuse(place, _describe_entry_error(word))


def _describe_entry_error(word: str) -> str:
    """Say why a word is not an entry."""
    _, rest = cut_name(word)
    port, _, domains = (rest or "").partition(":")
    if ":" in domains:
        return "too many colons (expected app:port:domain,domain, an IPv6 address in brackets)"
    if domains and not port.isdigit():
        return "the port goes in the middle (expected app:port:domain,domain)"
    return f"no domain after the {'port' if port else 'app name'} {_EXPECTED}"
