"""IP addresses and networks, as variables have them."""

from __future__ import annotations

from entrykit.display import display
from entrykit.errors import InvalidValue
from entrykit.variables.quantities import parse_integer


def address(text: str) -> str:
    """Parse an IP address; one of IPv6 may stand in brackets.

    Returns:
        Its canonical form, without brackets.

    Raises:
        InvalidValue: it is none, or one of IPv4 that is written as IPv6: a socket of IPv6 alone
            cannot bind that.
    """
    from ipaddress import ip_address

    try:
        found = ip_address(_refuse_zone(_strip_brackets(text)))
    except ValueError:
        expected = "expected 192.0.2.1 or 2001:db8::1"
        raise InvalidValue([f"{display(text)}: not an IP address ({expected})"]) from None
    if mapped := getattr(found, "ipv4_mapped", None):
        raise InvalidValue(
            [f"{display(text)}: an IPv4 address written as IPv6 (expected {mapped})"]
        )
    return str(found)


def network(text: str) -> str:
    """Parse an IP network in CIDR form; an address alone is a network of one.

    Raises:
        InvalidValue: it is none, or has bits set below its prefix.
    """
    from ipaddress import ip_network

    try:
        return str(ip_network(_refuse_zone(text)))
    except ValueError as error:
        raise InvalidValue(
            [f"{display(text)}: {_describe_network_error(text, str(error))}"]
        ) from None


def _strip_brackets(text: str) -> str:
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text


def _refuse_zone(text: str) -> str:
    """Refuse fe80::1%eth0, which no daemon's configuration takes."""
    if "%" in text:
        raise ValueError(text)
    return text


def _describe_network_error(text: str, error: str) -> str:
    if "host bits" in error:
        from ipaddress import ip_network

        return f"has host bits set (expected {ip_network(text, strict=False)})"
    return "not a network (expected 10.0.0.0/8 or 2001:db8::/32)"


def port(text: str) -> int:
    """Parse a TCP port: digits alone, and no zero before them.

    Raises:
        InvalidValue: it is none.
    """
    return parse_integer(text, 1, 65535, "a port")
