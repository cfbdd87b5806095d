"""Who is meant by an address in a policy: what cf-serverd matches, and nothing that it does not.

It knows an address by its text, so only the canonical form ever matches; it takes `127.0` and
whatever else it cannot read for a regular expression; and IPv6 networks have to end at a
whole octet. All of it was tried with 3.21, where nothing of it is an error at the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import PlainValidator

from entrykit.display import display
from entrykit.errors import InvalidValue
from entrykit.variables.parsers import split_list
from entrykit.variables.types import TypeInfo

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

_OCTET: Final = 8
_EXPECTED: Final = "expected 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32"


def parse_acl(text: str) -> tuple[str, ...]:
    """Parse a list of addresses and networks, each in its canonical form.

    Raises:
        Faults: with everything that is wrong, in order.
    """
    return parse_entries(refuse_empty(split_list(text)))


def refuse_empty(items: list[str]) -> list[str]:
    """Refuse a list of nothing: it would admit everybody, or leave what was meant to a default."""
    if not items:
        raise InvalidValue(["an empty list (expected something in it, or no such variable)"])
    return items


def parse_entries(items: Iterable[str]) -> tuple[str, ...]:
    """Do the same for the items of a list."""
    good, faults = [], []
    for item in items:
        try:
            good.append(_parse_entry(item))
        except ValueError as error:
            faults.append(f"{display(item)}: {error}")
    if faults:
        raise InvalidValue(faults)
    return tuple(dict.fromkeys(good))


def _parse_entry(item: str) -> str:
    from ipaddress import ip_address

    if "/" in item:
        return str(_parse_network(item))
    try:
        address = ip_address("" if "%" in item else item)
    except ValueError:
        raise ValueError(f"neither an address nor a network ({_EXPECTED})") from None
    if mapped := getattr(address, "ipv4_mapped", None):
        raise ValueError(f"an IPv4 address written as IPv6 never matches (expected {mapped})")
    return str(address)


def _parse_network(item: str) -> IPv4Network | IPv6Network:
    from ipaddress import ip_network

    try:
        network = ip_network(item, strict=False)
    except ValueError:
        raise ValueError(f"neither an address nor a network ({_EXPECTED})") from None
    bits = item.partition("/")[2]
    if not bits.isascii() or not bits.isdigit() or "%" in item:
        raise ValueError(f"not a network as cf-serverd knows it (expected {network})")
    if str(network.network_address) != str(_parse_address(item)):
        raise ValueError(f"has host bits set (expected {network})")
    if getattr(network.network_address, "ipv4_mapped", None):
        raise ValueError("a network of IPv4 addresses written as IPv6 never matches")
    if network.version == 6 and network.prefixlen % _OCTET:  # noqa: PLR2004 -- IPv6
        wider = network.supernet(new_prefix=network.prefixlen // _OCTET * _OCTET)
        narrower = f"/{network.prefixlen + _OCTET - network.prefixlen % _OCTET}"
        raise ValueError(
            "cf-serverd knows IPv6 networks of whole octets only "
            f"(expected {wider}, or networks of {narrower})"
        )
    return network


def _parse_address(item: str) -> object:
    from ipaddress import ip_address

    return ip_address(item.partition("/")[0])


def find_openness(items: Iterable[str]) -> Iterator[str]:
    """Yield what deserves a warning: a list that is open to everybody, or to half of them."""
    from ipaddress import collapse_addresses, ip_network

    networks = [ip_network(item) for item in items]
    families = {4: "IPv4", 6: "IPv6"}
    everybody = [
        version
        for version in families
        if any(
            network.prefixlen == 0
            for network in collapse_addresses(net for net in networks if net.version == version)  # type: ignore[type-var]
        )
    ]
    for version in everybody:
        yield f"open to every address of {families[version]}"
    if len(everybody) == 1 and {network.version for network in networks} == {*everybody}:
        (other,) = {*families} - {*everybody}
        every = "::/0" if other == 6 else "0.0.0.0/0"  # noqa: PLR2004 -- IPv6
        yield f"no address of {families[other]} is in it (that would be {every})"


Acl = Annotated[tuple[str, ...], PlainValidator(parse_acl), TypeInfo("list of networks")]
