"""Access lists: addresses and networks that cf-serverd really matches.

It compares addresses as text, so only the canonical form ever matches; it takes `127.0` and
anything else that it cannot parse for a regular expression; and IPv6 prefixes have to end at a
whole octet. None of this is an error when it starts (tried with 3.21).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Final

from entrykit.display import display
from entrykit.errors import InvalidValue
from entrykit.variables.metadata import TypeInfo
from entrykit.variables.parsers import split_list

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

_OCTET: Final = 8
_EXPECTED: Final = "expected e.g. 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32"


def parse_acl(text: str) -> tuple[str, ...]:
    """Parse a list of addresses and networks, each in its canonical form.

    Raises:
        InvalidValue: with every error, in order.
    """
    return parse_entries(refuse_empty(split_list(text)))


def refuse_empty(items: list[str]) -> list[str]:
    """Refuse an empty list: it would admit everyone, or silently mean the default."""
    if not items:
        raise InvalidValue(["an empty list (add an entry, or unset the variable)"])
    return items


def parse_entries(items: Iterable[str]) -> tuple[str, ...]:
    """Parse the items of such a list."""
    good, errors = [], []
    for item in items:
        try:
            good.append(_parse_entry(item))
        except ValueError as error:
            errors.append(f"{display(item)}: {error}")
    if errors:
        raise InvalidValue(errors)
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
        raise ValueError(f"an IPv4-mapped IPv6 address never matches (expected {mapped})")
    return str(address)


def _parse_network(item: str) -> IPv4Network | IPv6Network:
    from ipaddress import ip_network

    try:
        network = ip_network(item, strict=False)
    except ValueError:
        raise ValueError(f"neither an address nor a network ({_EXPECTED})") from None
    bits = item.partition("/")[2]
    if not bits.isascii() or not bits.isdigit() or "%" in item:
        raise ValueError(
            f"cf-serverd reads only a prefix length after the slash (expected {network})"
        )
    if str(network.network_address) != str(_parse_address(item)):
        raise ValueError(f"has host bits set (expected {network})")
    if getattr(network.network_address, "ipv4_mapped", None):
        raise ValueError("an IPv4-mapped IPv6 network never matches")
    if network.version == 6 and network.prefixlen % _OCTET:  # noqa: PLR2004 -- IPv6
        wider = network.supernet(new_prefix=network.prefixlen // _OCTET * _OCTET)
        narrower = f"/{network.prefixlen + _OCTET - network.prefixlen % _OCTET}"
        raise ValueError(
            "cf-serverd matches IPv6 networks of whole octets only "
            f"(expected {wider}, or several {narrower} networks)"
        )
    return network


def _parse_address(item: str) -> object:
    from ipaddress import ip_address

    return ip_address(item.partition("/")[0])


def find_openness(items: Iterable[str]) -> Iterator[str]:
    """Yield a warning for each IP version of which a list contains every address."""
    from ipaddress import collapse_addresses, ip_network

    networks = [ip_network(item) for item in items]
    families = {4: "IPv4", 6: "IPv6"}
    open_versions = [
        version
        for version in families
        if any(
            network.prefixlen == 0
            for network in collapse_addresses(net for net in networks if net.version == version)  # type: ignore[type-var]
        )
    ]
    for version in open_versions:
        yield f"open to every {families[version]} address"
    if len(open_versions) == 1 and {network.version for network in networks} == {*open_versions}:
        (other,) = {*families} - {*open_versions}
        every = "::/0" if other == 6 else "0.0.0.0/0"  # noqa: PLR2004 -- IPv6
        yield f"contains no {families[other]} address ({every} is all of them)"


Acl = Annotated[tuple[str, ...], TypeInfo("list of networks", parse=parse_acl)]
