"""Names of hosts: the apps that are connected to, and the domains that they serve."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from entrykit.display import display
from entrykit.errors import InvalidValue

# RFC 1035, 2.3.4; 253 is the written form of its 255 octets.
_MAX_LABEL_LENGTH: Final = 63
_MAX_NAME_LENGTH: Final = 253

_BYTE: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4: Final = re.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}")
_IPV6: Final = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\]")

# Compose names containers with underscores, so apps have them although hosts do not.
_APP_LABEL: Final = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_APP: Final = re.compile(rf"{_APP_LABEL}(?:\.{_APP_LABEL})*")

# Nearly every domain there is, and already normal. So short a name has no label
# that is too long. What does not match is not wrong yet, only looked at closely.
_is_normalized: Final = re.compile(
    r"(?!.{64})(?:\*\.)?(?:[a-z0-9][a-z0-9-]*+(?<!-)\.)*[a-z][a-z0-9-]*+(?<!-)"
).fullmatch


def app_name(text: str) -> str:
    """Check the name of an app: a DNS name, an IPv4 address or an IPv6 address in brackets.

    Returns:
        The name as it is; an address of IPv6 in its shortest form, without brackets.

    Raises:
        InvalidValue: it is none of these.
    """
    numeric = not text.strip("0123456789.")
    if len(text) <= _MAX_NAME_LENGTH and _APP.fullmatch(text) and not numeric:
        return text
    if match := _IPV6.fullmatch(text):
        return _ipv6(text, match[1])
    if not text or not numeric:
        expected = "a DNS name, an IPv4 address or an IPv6 address in brackets"
        raise InvalidValue([f"{display(text)}: not an app name (expected {expected})"])
    if not _IPV4.fullmatch(text):
        raise InvalidValue(
            [f"{display(text)}: not an IPv4 address (expected four numbers from 0 to 255)"]
        )
    return text


def _ipv6(text: str, address: str) -> str:
    from ipaddress import IPv6Address

    try:
        return str(IPv6Address(address))
    except ValueError:
        raise InvalidValue(
            [f"{display(text)}: not an IPv6 address (expected [2001:db8::1])"]
        ) from None


def is_address(name: str) -> bool:
    """Whether an app's name, as `app_name` returns it, is an IP address."""
    return ":" in name or _IPV4.fullmatch(name) is not None


def are_normalized(items: list[str]) -> bool:
    """Whether these are domains, each as `domain` would return it.

    This is the fast path; False means only that each has to be looked at.
    """
    return all(map(_is_normalized, items))


def domain(text: str) -> str:
    """Normalise one domain: lower case, punycode, no trailing dot.

    `*.` may stand before a name. A label of punycode is taken as it is: some that
    are in use are not valid for IDNA 2008.

    Raises:
        InvalidValue: it is not a domain.
    """
    name = (text if text.isascii() else _punycode(text)).lower().removesuffix(".")
    if not _is_normalized(name) and (refusal := next(_refusals(name), None)):
        raise InvalidValue([f"{display(text)}: {refusal}"])
    return name


def _punycode(text: str) -> str:
    # Punycode is no shorter than the text, but for accents that are characters of their
    # own, and idna takes time that grows with the square of a label.
    if len(text) > _MAX_NAME_LENGTH:
        raise InvalidValue([f"{display(text)}: longer than {_MAX_NAME_LENGTH} characters"])
    import idna

    star = "*." if text.startswith("*.") else ""
    try:
        return star + idna.encode(text.removeprefix(star), uts46=True).decode()
    except ValueError as error:
        reason = f"not an international domain name (idna says {display(str(error))})"
        raise InvalidValue([f"{display(text)}: {reason}"]) from None


def _refusals(name: str) -> Iterator[str]:
    """Yield what is wrong with a name of ASCII, the most telling first."""
    if len(name) > _MAX_NAME_LENGTH:
        yield f"longer than {_MAX_NAME_LENGTH} characters"
    bare = name.removeprefix("*.")
    if "*" in bare:
        yield "a * that is not the whole first label before others (expected *.example.com)"
    if odd := re.search(r"[^a-z0-9.-]", bare):
        yield f"{display(odd[0])} cannot be in a domain (expected letters, digits, - and .)"
    yield from _label_refusals(bare.split("."))
    if name.rpartition(".")[2].isdigit() and not _IPV4.fullmatch(name):
        yield _number_refusal(name)


def _label_refusals(labels: list[str]) -> Iterator[str]:
    if "" in labels:
        yield "an empty label (expected one dot between labels)"
    elif any(len(label) > _MAX_LABEL_LENGTH for label in labels):
        yield f"a label longer than {_MAX_LABEL_LENGTH} characters"
    elif any("-" in (label[0], label[-1]) for label in labels):
        yield "a label that begins or ends with -"


def _number_refusal(name: str) -> str:
    """Say why a name that ends in a number is none.

    Clients take such a host for an IPv4 address or refuse it (WHATWG URL, "ends in a number").
    """
    if name.isdigit():
        return "a number alone, which reads as a port (expected a name)"
    return "ends in a number and is not an IPv4 address"
