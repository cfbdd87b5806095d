"""DOMAINS as a map in JSON or YAML.

    web: [example.com, www.example.com]
    api:
      port: 9000
      domains: api.example.com
      replicas: 3
      check: /healthz
      tls: terminate

A key may also be `app:port`; a value that is no map is the domains. Domains with
options are a map as well: {"example.com": {"spa": true}, "example.org": {}}.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, cast

from entrykit.display import display
from entrykit.domains.apps import DEFAULTS, Options, Site, cut_name
from entrykit.domains.collector import Collector, Place
from entrykit.errors import InvalidValue
from entrykit.variables.documents import Tree, parse_tree
from entrykit.variables.parsers import parse_switch
from entrykit.variables.quantities import parse_integer

_OPTIONS: Final = frozenset(Options._fields)
_KNOWN_FIELDS: Final = _OPTIONS | {"port", "domains"}
_SITE_EXAMPLE: Final = 'e.g. {"web": {"domains": {"example.com": {"spa": true}}}}'
_MAX_REPLICAS: Final = 1000
_PATH: Final = re.compile(r"/[A-Za-z0-9/._~!$&()*+,;=:@%?-]*")


def read_map(text: str, collector: Collector) -> None:
    """Add the apps of a map, or what is wrong with them.

    Raises:
        InvalidValue: the text is not a map at all.
    """
    tree = parse_tree(text)
    if not isinstance(tree, tuple):
        raise InvalidValue(['not a map of apps (e.g. {"web": ["example.com"]})'])
    seen: set[str] = set()
    for key, value in tree:
        place = Place("app", key)
        if key in seen:
            collector.refuse(place, "given twice (expected each key once)")
        seen.add(key)
        _add(collector, place, value)


def _add(collector: Collector, place: Place, value: Tree) -> None:
    fields = _fields(collector, place, value)
    name, port = cut_name(place.text)
    if port and ":" in port:
        collector.refuse(place, "too many colons (expected an IPv6 address in brackets)")
        return
    if "port" in fields:
        own = collector.attempt(place, _port, fields["port"], port)
        if port not in (None, own):
            collector.refuse(
                place, f"port: {display(own or '')}, and another in the name (expected one)"
            )
        port = own
    domains = fields.get("domains", [])
    if isinstance(domains, tuple):
        collector.add_sites(place, _sites(collector, place, domains))
        domains = [domain for domain, _ in domains]
    items = _items(collector, place, domains)
    collector.add(place, (name, port), items, _options(collector, place, fields))


def _fields(collector: Collector, place: Place, value: Tree) -> dict[str, Tree]:
    if not isinstance(value, tuple):
        return {"domains": value}
    fields: dict[str, Tree] = {}
    for name, field in value:
        if name in fields:
            collector.refuse(place, f"{display(name)}: given twice (expected each option once)")
        elif name in Site._fields:
            collector.refuse(place, f"{display(name)}: an option of a domain ({_SITE_EXAMPLE})")
        elif name not in _KNOWN_FIELDS:
            collector.refuse(
                place,
                f"{display(name)}: no such option (expected port, domains, replicas, check or tls)",
            )
        if field is not None or name == "domains":  # null and empty are unset
            fields[name] = field
    return fields


def _items(collector: Collector, place: Place, value: Tree) -> list[str]:
    """Return the texts of a list, or of a text with commas."""
    if isinstance(value, str):
        value = [item.strip() for item in value.split(",")] if value.strip() else []
    if not isinstance(value, list):
        collector.refuse(place, f"domains: {_type_name(value)} (expected a list of domains)")
        return []
    if not value:
        collector.refuse(place, 'no domain (expected a list such as ["example.com"])')
    if set(map(type, value)) == {str}:  # far faster than checking each
        return cast("list[str]", value)
    odd = [item for item in value if not isinstance(item, str)]
    collector.refuse(
        place, *(f"domains: {_type_name(item)} in the list (expected text)" for item in odd)
    )
    return [item for item in value if isinstance(item, str)]


def _sites(
    collector: Collector, place: Place, domains: tuple[tuple[str, Tree], ...]
) -> Iterator[tuple[str, Site]]:
    """Yield the options of each domain that has some."""
    for name, value in domains:
        if value in (None, (), ""):
            continue
        if site := _site(collector, place, name, value):
            yield name, site


def _site(collector: Collector, place: Place, name: str, value: Tree) -> Site | None:
    if not isinstance(value, tuple):
        collector.refuse(place, f'{display(name)}: not a map of options (expected {{"spa": true}})')
        return None
    spa = None
    for option, choice in value:
        if option != "spa":
            collector.refuse(
                place, f"{display(name)}: {display(option)}: no such option (expected spa)"
            )
        elif (spa := _switch(choice)) is None:
            collector.refuse(
                place, f"{display(name)}: spa: neither on nor off (expected one of them)"
            )
    return Site(spa)


def _options(collector: Collector, place: Place, fields: dict[str, Tree]) -> Options:
    if _OPTIONS.isdisjoint(fields):
        return DEFAULTS
    return Options(
        collector.attempt(place, _replicas, fields.get("replicas", "1"), 1),
        collector.attempt(place, _check, fields["check"], None) if "check" in fields else None,
        collector.attempt(place, _tls, fields.get("tls", DEFAULTS.tls), DEFAULTS.tls),
    )


def _port(value: Tree) -> str:
    """Return the text of a port; it is checked together with ports in names."""
    return _text("port", value)


def _replicas(value: Tree) -> int:
    text = _text("replicas", value)
    try:
        return parse_integer(text, 1, _MAX_REPLICAS)
    except InvalidValue as error:
        raise InvalidValue([f"replicas: {error}"]) from None


def _check(value: Tree) -> str:
    text = _text("check", value)
    if not _PATH.fullmatch(text):
        raise InvalidValue([f"check: {display(text)}: not a path (e.g. /healthz)"])
    return text


def _tls(value: Tree) -> str:
    text = _text("tls", value)
    if text not in ("terminate", "passthrough"):
        raise InvalidValue([f"tls: {display(text)}: not known (expected terminate or passthrough)"])
    return text


def _switch(value: Tree) -> bool | None:
    """Read true and false, or the words for on and off that variables have."""
    if not isinstance(value, str):
        return value if isinstance(value, bool) else None
    try:
        return parse_switch(value)
    except InvalidValue:
        return None


def _text(option: str, value: Tree) -> str:
    if not isinstance(value, str):
        raise InvalidValue([f"{option}: {_type_name(value)} (expected text or a number)"])
    return value


def _type_name(value: Tree) -> str:
    kinds = {list: "a list", tuple: "a map", bool: str(value).lower(), type(None): "null"}
    return kinds[type(value)]
