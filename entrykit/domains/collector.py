"""The apps of DOMAINS as they are found: merged by name and port, with every error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias, TypeVar

from entrykit.display import display
from entrykit.domains.apps import DEFAULTS, App, Options, Site, contradictions, differences, label
from entrykit.errors import InvalidValue
from entrykit.variables.hostnames import app_name, are_normalized, domain
from entrykit.variables.network import port as port_number

_Given = TypeVar("_Given")
_Value = TypeVar("_Value")
_Key: TypeAlias = tuple[str, int | None]

# No port is 0: it stands for one that was refused.
_INVALID_PORT: Final = 0


class Place(NamedTuple):
    """Where in DOMAINS: `entry 2` or `app`, and the text that stands there."""

    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind} {display(self.text)}"


class Collector:
    """Collects apps and errors, in order.

    Args:
        ports: the port of an app that is given none, by its `tls`; where there is no
            such port, an app without one is another than the same app with one.
    """

    def __init__(self, ports: Mapping[str, int] = MappingProxyType({})) -> None:
        self._ports = ports
        self._written_ports: dict[_Key, int | None] = {}
        self._domains: dict[_Key, list[str]] = {}
        self._options: dict[_Key, Options] = {}
        self._sites: dict[str, Site] = {}
        self._errors: list[str] = []

    def refuse(self, place: Place, *reasons: str) -> None:
        """Add errors of a place."""
        self._errors.extend(f"{place}: {reason}" for reason in reasons)

    def attempt(
        self, place: Place, parse: Callable[[_Given], _Value], given: _Given, otherwise: _Value
    ) -> _Value:
        """Parse what is given; if that raises InvalidValue, keep its errors, return `otherwise`."""
        try:
            return parse(given)
        except InvalidValue as error:
            self.refuse(place, *error.messages)
            return otherwise

    def add(
        self,
        place: Place,
        address: tuple[str, str | None],
        items: list[str],
        options: Options = DEFAULTS,
    ) -> None:
        """Check one entry, and merge it with the same app and port.

        Args:
            place: where errors are reported.
            address: the name of the app and its port, None if there is none.
            items: the domains, each as it was written; the collector takes over the list.
            options: each one is valid.
        """
        name = self.attempt(place, app_name, address[0], "")
        port = None
        if address[1] is not None:
            port = self.attempt(place, port_number, address[1], _INVALID_PORT)
        if options != DEFAULTS:
            self.refuse(place, *contradictions(name, options))
        for number, domains in self._group_by_port(place, port, items):
            if name and number != _INVALID_PORT:
                self._merge(place, (name, number), options, domains)

    def add_sites(self, place: Place, sites: Iterable[tuple[str, Site]]) -> None:
        """Add the options of domains, each with its name as it was written."""
        for text, site in sites:
            # An invalid name is refused where it is added.
            with suppress(InvalidValue):
                if self._sites.setdefault(domain(text.partition("/")[0]), site) != site:
                    self.refuse(
                        place, f"{display(text)}: has other options before (expected the same)"
                    )

    def _group_by_port(
        self, place: Place, port: int | None, items: list[str]
    ) -> Iterable[tuple[int | None, list[str]]]:
        if are_normalized(items):
            return ((port, items),)
        if "" in items:
            self.refuse(place, "an empty item among the domains (expected single commas between)")
        found: dict[int | None, list[str]] = {}
        for item in filter(None, items):
            text, slash, _ = item.partition("/")
            own = self._parse_item_port(place, port, item) if slash else port
            if text and (name := self.attempt(place, domain, text, "")):
                found.setdefault(own, []).append(name)
        return found.items()

    def _parse_item_port(self, place: Place, port: int | None, item: str) -> int:
        own = self.attempt(place, _parse_domain_port, item, _INVALID_PORT)
        if own and port and own != port:
            self.refuse(
                place, f"{display(item)}: the port of the app is {port} (expected one port)"
            )
        return own

    def _merge(self, place: Place, given: _Key, options: Options, domains: list[str]) -> None:
        name, port = given
        key = (name, self._ports.get(options.tls) if port is None else port)
        self._written_ports.setdefault(key, port)
        if options != self._options.setdefault(key, options):
            self.refuse(place, *differences(options, self._options[key]))
        if key in self._domains:
            self._domains[key] += domains
        else:
            self._domains[key] = domains

    def apps(self) -> tuple[App, ...]:
        """Return the apps, in order of appearance.

        Raises:
            InvalidValue: everything that was refused, and every domain of two apps.
        """
        # Counting is cheap; owners are only compared if the sum is off.
        lists = self._domains.values()
        repeated = len(set().union(*lists)) < sum(map(len, lists))
        errors = [*self._errors, *(self._conflicting_domains() if repeated else ())]
        if not self._domains and not errors:
            errors = ["no entry (expected app:domain,domain or app:port:domain,domain)"]
        if errors:
            raise InvalidValue(errors)
        return tuple(
            App(
                name,
                self._written_ports[name, port],
                tuple(dict.fromkeys(domains) if repeated else domains),
                *self._options[name, port],
                {name: self._sites[name] for name in domains if name in self._sites},
            )
            for (name, port), domains in self._domains.items()
        )

    def _conflicting_domains(self) -> Iterator[str]:
        owners: dict[str, _Key] = {}
        for key, domains in self._domains.items():
            for name in dict.fromkeys(domains):
                owner = owners.setdefault(name, key)
                if owner != key:
                    both = " and ".join(
                        label(app, self._written_ports[app, port]) for app, port in (owner, key)
                    )
                    yield f"{display(name)} is named for both {both}"


def _parse_domain_port(item: str) -> int:
    """Read `domain/port`, the older way to give an app its port."""
    text, _, number = item.partition("/")
    try:
        return port_number(number if text else "")
    except InvalidValue:
        message = f"{display(item)}: not a domain and a port (e.g. example.com/9000)"
        raise InvalidValue([message]) from None
