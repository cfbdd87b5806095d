"""The kinds of values that variables have: from text to a value, or a clear fault.

Each kind is a type for a settings model. Its validator is a plain function at
module level, from the text of a variable to the value; what it refuses is a
`Faults` whose messages show the text (never a secret's) and what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final

from pydantic import PlainValidator

from entrykit.display import display
from entrykit.errors import InvalidValue, parse_each
from entrykit.variables.hostnames import app_name
from entrykit.variables.network import port
from entrykit.variables.secret import Secret as SecretText
from entrykit.variables.secret import Snippet as RawText

_MAX_SOCKET_PATH: Final = 97
_ON: Final = {"on": True, "true": True, "yes": True, "1": True}
_OFF: Final = {"off": False, "false": False, "no": False, "0": False}
_DURATION: Final = re.compile(r"([1-9][0-9]{0,9})(ms|s|m|h|d)")
_MILLISECONDS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """What the documentation says of a type.

    Attributes:
        name: a word or two for a table.
        schema: the JSON Schema of the variable's text.
        secret: whether the value is masked, and gone before the hand-over.
    """

    name: str
    schema: Mapping[str, object] = field(default_factory=lambda: {"type": "string"}, hash=False)
    secret: bool = False


def switch(text: str) -> bool:
    """Parse on or off; true, yes, 1 and false, no, 0 are understood as well."""
    value = (_ON | _OFF).get(text.lower())
    if value is None:
        raise InvalidValue([f"{display(text)}: neither on nor off (expected one of them)"])
    return value


def count(text: str) -> int:
    """Parse a whole number above zero."""
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        raise InvalidValue([f"{display(text)}: not a whole number (expected 1 to 999999999)"])
    return int(text)


def seconds(text: str) -> int:
    """Parse a whole number of seconds, 0 included."""
    if not re.fullmatch(r"0|[1-9][0-9]{0,9}", text):
        expected = "expected 0 to 9999999999"
        raise InvalidValue([f"{display(text)}: not a whole number of seconds ({expected})"])
    return int(text)


def duration(text: str) -> str:
    """Parse a time with its unit, as HAProxy and many others write it: 500ms, 30s, 5m, 1h, 2d.

    A bare number is refused: what it means differs from daemon to daemon.
    """
    match = _DURATION.fullmatch(text)
    if not match:
        raise InvalidValue(
            [f"{display(text)}: not a time (expected a number and ms, s, m, h or d: 30s)"]
        )
    # HAProxy keeps timers in milliseconds, in 31 bits (configuration manual, 2.5).
    if milliseconds(text) >= 2**31:
        raise InvalidValue([f"{display(text)}: too long (expected at most 24d)"])
    return text


def milliseconds(duration: str) -> int:
    """Return how long a time of the kind above is."""
    match = _DURATION.fullmatch(duration)
    assert match  # noqa: S101 -- the kind has checked it
    return int(match[1]) * _MILLISECONDS[match[2]]


def line(text: str) -> str:
    """Accept any text of one line."""
    if any(char < " " or char == "\x7f" for char in text):
        raise InvalidValue([f"{display(text)}: has a control character or more than one line"])
    return text


def secret(text: str) -> SecretText:
    """Accept any secret of one line; what is wrong is said without showing it."""
    if any(char < " " or char == "\x7f" for char in text):
        raise InvalidValue(["the secret has a control character or more than one line"])
    return SecretText(text)


def wait_targets(text: str) -> tuple[str, ...]:
    """Parse a list of what is waited for; blanks may separate it as well."""
    from entrykit.variables.targets import targets

    items = [word for item in split_list(text) for word in item.split()]
    targets(items)
    return tuple(dict.fromkeys(items))


def snippet(text: str) -> RawText:
    """Accept raw lines for a config file; the daemon is their only judge."""
    if "\0" in text or "\r" in text:
        raise InvalidValue(
            ["has a NUL or a carriage return (expected lines of the daemon's own syntax)"]
        )
    return RawText(text.strip("\n"))


def folder(text: str) -> str:
    """Accept an absolute path."""
    line(text)
    if not text.startswith("/"):
        raise InvalidValue([f"{display(text)}: not an absolute path (expected /a/path)"])
    return text.rstrip("/") or "/"


def socket_path(text: str) -> str:
    """Accept an absolute path that HAProxy can bind to: of 97 bytes at most.

    It binds PATH.PID.tmp first and renames; sun_path holds 107 bytes (unix(7)).
    """
    folder(text)
    if text.endswith("/"):
        raise InvalidValue(
            [f"{display(text)}: names a folder (expected /run/haproxy/admin.sock, say)"]
        )
    if len(text.encode()) > _MAX_SOCKET_PATH:
        raise InvalidValue([f"{display(text)}: too long for a socket (expected at most 97 bytes)"])
    return text


def host_port(text: str) -> str:
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


def addresses(text: str) -> tuple[str, ...]:
    """Parse a list of IP addresses, in the canonical form of each."""
    from entrykit.variables.network import address

    return tuple(dict.fromkeys(parse_each(address, split_list(text))))


def networks(text: str) -> tuple[str, ...]:
    """Parse a list of IP networks in CIDR form; an address alone is a network of one."""
    from entrykit.variables.network import network

    return tuple(dict.fromkeys(parse_each(network, split_list(text))))


def _integer_info(name: str, pattern: str, least: int, most: int) -> TypeInfo:
    """Return a kind of whole numbers; YAML has them as numbers, environments as texts."""
    return TypeInfo(
        name,
        {
            "type": ["integer", "string"],
            "pattern": f"^({pattern})$",
            "minimum": least,
            "maximum": most,
        },
    )


_ONE_LINE: Final = {"type": "string", "pattern": r"^[^\x00-\x1f\x7f]*$"}
_PORT_NUMBERS: Final = (
    "[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
)
_ABSOLUTE: Final = {"type": "string", "pattern": "^/"}

Port = Annotated[int, PlainValidator(port), _integer_info("port", _PORT_NUMBERS, 1, 65535)]
Switch = Annotated[
    bool,
    PlainValidator(switch),
    TypeInfo("on or off", {"enum": [*_ON, *_OFF, True, False]}),
]
Count = Annotated[
    int, PlainValidator(count), _integer_info("number", "[1-9][0-9]{0,8}", 1, 999_999_999)
]
Seconds = Annotated[
    int, PlainValidator(seconds), _integer_info("seconds", "0|[1-9][0-9]{0,9}", 0, 9_999_999_999)
]
Duration = Annotated[
    str,
    PlainValidator(duration),
    TypeInfo("time", {"type": "string", "pattern": "^[1-9][0-9]{0,9}(ms|s|m|h|d)$"}),
]
Line = Annotated[str, PlainValidator(line), TypeInfo("text", _ONE_LINE)]
Secret = Annotated[SecretText, PlainValidator(secret), TypeInfo("secret", secret=True)]
Snippet = Annotated[RawText, PlainValidator(snippet), TypeInfo("raw lines", secret=True)]
Targets = Annotated[tuple[str, ...], PlainValidator(wait_targets), TypeInfo("list of targets")]
Folder = Annotated[str, PlainValidator(folder), TypeInfo("folder", _ABSOLUTE)]
SocketPath = Annotated[
    str,
    PlainValidator(socket_path),
    TypeInfo("socket path", {"type": "string", "pattern": "^/.*[^/]$"}),
]
HostPort = Annotated[
    str, PlainValidator(host_port), TypeInfo("host:port", {"type": "string", "pattern": ":[0-9]+$"})
]
Addresses = Annotated[tuple[str, ...], PlainValidator(addresses), TypeInfo("list of IP addresses")]
Networks = Annotated[tuple[str, ...], PlainValidator(networks), TypeInfo("list of networks")]
