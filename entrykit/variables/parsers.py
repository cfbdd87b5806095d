"""From the text of a variable to its value, or an error that says what would be right.

Each function stands behind a type of `entrykit.variables.types`. What it refuses is an
`InvalidValue` whose messages quote the text, but never a secret's.
"""

from __future__ import annotations

import re
from typing import Final

from entrykit.display import display
from entrykit.errors import InvalidValue, parse_each
from entrykit.variables.hostnames import app_name
from entrykit.variables.network import port
from entrykit.variables.secret import Secret, Snippet

_MAX_SOCKET_PATH: Final = 97
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")

ON: Final = {"on": True, "true": True, "yes": True, "1": True}
OFF: Final = {"off": False, "false": False, "no": False, "0": False}


def parse_switch(text: str) -> bool:
    """Parse a boolean, in any case."""
    value = (ON | OFF).get(text.lower())
    if value is None:
        expected = "use on/off, true/false, yes/no or 1/0"
        raise InvalidValue([f"{display(text)} is not a boolean ({expected})"])
    return value


def parse_line(text: str) -> str:
    """Accept any text of one line."""
    if _CONTROL.search(text):
        raise InvalidValue([f"{display(text)}: has a control character or more than one line"])
    return text


def parse_text(text: str, forbid: str = "", pattern: str = "", expected: str = "") -> str:
    """Accept a line without some characters, that a regular expression matches as a whole.

    Args:
        text: the text of a variable.
        forbid: characters that must not be in it.
        pattern: the regular expression; empty for any line.
        expected: what would be right, for the message.
    """
    parse_line(text)
    if found := next((char for char in forbid if char in text), ""):
        right = expected or f"a text without {' '.join(forbid)}"
        raise InvalidValue([f"{display(text)}: has a {found} (expected {right})"])
    if pattern and not re.fullmatch(pattern, text):
        raise InvalidValue([f"{display(text)}: not valid (expected {expected or pattern})"])
    return text


def parse_secret(text: str, pattern: str = "", expected: str = "") -> Secret:
    """Accept a secret of one line; no message shows any of it.

    Args:
        text: the text of a variable.
        pattern: a regular expression that matches the whole; empty for any line.
        expected: what would be right, for the message.
    """
    if pattern and not re.fullmatch(pattern, text):
        raise InvalidValue([f"not a valid secret (expected {expected or pattern})"])
    if _CONTROL.search(text):
        raise InvalidValue(["the secret has a control character or more than one line"])
    return Secret(text)


def parse_snippet(text: str) -> Snippet:
    """Accept raw lines for a config file; only the daemon can check them."""
    if "\0" in text or "\r" in text:
        raise InvalidValue(
            ["has a NUL or a carriage return (expected lines of the daemon's own syntax)"]
        )
    return Snippet(text.strip("\n"))


def parse_folder(text: str) -> str:
    """Accept an absolute path."""
    parse_line(text)
    if not text.startswith("/"):
        raise InvalidValue([f"{display(text)}: not an absolute path (expected /a/path)"])
    return text.rstrip("/") or "/"


def parse_socket_path(text: str) -> str:
    """Accept an absolute path that HAProxy can bind to: of 97 bytes at most.

    It binds PATH.PID.tmp first and renames; sun_path holds 107 bytes (unix(7)).
    """
    parse_folder(text)
    if text.endswith("/"):
        raise InvalidValue(
            [f"{display(text)}: names a directory (expected e.g. /run/haproxy/admin.sock)"]
        )
    if len(text.encode()) > _MAX_SOCKET_PATH:
        raise InvalidValue([f"{display(text)}: too long for a socket (expected at most 97 bytes)"])
    return text


def parse_host_port(text: str) -> str:
    """Accept name:port, address:port or [address]:port."""
    host, colon, number = text.rpartition(":")
    if not colon:
        raise InvalidValue([f"{display(text)}: no port (expected name:port)"])
    port(number)
    try:
        app_name(host)
    except InvalidValue:
        raise InvalidValue(
            [f"{display(text)}: not a host and a port (expected name:port)"]
        ) from None
    return text


def split_list(text: str) -> list[str]:
    """Split a list: `a,b`, or a JSON list of strings."""
    # A bracket alone may also begin an IPv6 address.
    if not re.match(r'\s*\[\s*["\]]', text):
        return [item.strip() for item in text.split(",")]
    import json

    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidValue([f'{display(text)}: not a JSON list (expected ["a", "b"])']) from None
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise InvalidValue([f'{display(text)}: not a list of strings (expected ["a", "b"])'])
    return items


def parse_addresses(text: str) -> tuple[str, ...]:
    """Parse a list of IP addresses, in the canonical form of each."""
    from entrykit.variables.network import address

    return tuple(dict.fromkeys(parse_each(address, split_list(text))))


def parse_networks(text: str) -> tuple[str, ...]:
    """Parse a list of IP networks in CIDR form; an address alone is a network of one."""
    from entrykit.variables.network import network

    return tuple(dict.fromkeys(parse_each(network, split_list(text))))


def parse_wait_targets(text: str) -> tuple[str, ...]:
    """Parse a list of targets to wait for, with commas or blanks between them."""
    from entrykit.variables.targets import targets

    items = [word for item in split_list(text) for word in item.split()]
    targets(items)
    return tuple(dict.fromkeys(items))
