"""The types that variables have, as annotations of a settings model.

A ready-made one is used as it is, `http_port: types.Port`; another one is an alias with metadata:

    Greeting = Annotated[str, types.text(forbid="$")]
    Token = Annotated[Secret, types.secret(r"[a-z0-9]{8,}", expected="8 or more of a-z 0-9")]
    Workers = Annotated[int, types.integer(1, 64)]
    Percent = Annotated[int, types.TypeInfo("percentage", parse=percent)]

The functions that parse stand in `parsers`, which does without pydantic.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Final

from entrykit.variables.metadata import TypeInfo
from entrykit.variables.parsers import (
    OFF,
    ON,
    parse_addresses,
    parse_folder,
    parse_host_port,
    parse_line,
    parse_networks,
    parse_secret,
    parse_snippet,
    parse_socket_path,
    parse_switch,
    parse_text,
    parse_wait_targets,
)
from entrykit.variables.quantities import integer_pattern, parse_duration, parse_integer
from entrykit.variables.secret import Secret as SecretText
from entrykit.variables.secret import Snippet as RawText

__all__ = [
    "Addresses",
    "Count",
    "Duration",
    "Folder",
    "HostPort",
    "Line",
    "Networks",
    "Port",
    "Seconds",
    "Secret",
    "Snippet",
    "SocketPath",
    "Switch",
    "Targets",
    "TypeInfo",
    "integer",
    "secret",
    "text",
]

_ONE_LINE: Final = r"^[^\x00-\x1f\x7f]*$"


def text(
    *, forbid: str = "", pattern: str = "", expected: str = "", name: str = "text"
) -> TypeInfo:
    """Return the metadata of a text of one line.

    Args:
        forbid: characters that must not be in it.
        pattern: a regular expression that matches the whole text.
        expected: what would be right, in a few words for the error message.
        name: the type's name in the table of variables.
    """
    parse = partial(parse_text, forbid=forbid, pattern=pattern, expected=expected)
    return TypeInfo(name, _matching(f"^({pattern})$" if pattern else _ONE_LINE), parse=parse)


def secret(pattern: str = "", *, expected: str = "", name: str = "secret") -> TypeInfo:
    """Return the metadata of a secret of one line, which no message ever shows.

    Args:
        pattern: a regular expression that matches the whole text.
        expected: what would be right, in a few words for the error message.
        name: the type's name in the table of variables.
    """
    parse = partial(parse_secret, pattern=pattern, expected=expected)
    return TypeInfo(name, secret=True, parse=parse)


def integer(
    least: int, most: int, *, name: str = "number", noun: str = "a whole number"
) -> TypeInfo:
    """Return the metadata of a whole number from `least` to `most`.

    Args:
        least: the lowest number, 0 or above.
        most: the highest number.
        name: the type's name in the table of variables.
        noun: what a text is not, in the error message: "not a whole number (expected 1 to 9)".
    """
    parse = partial(parse_integer, least=least, most=most, noun=noun)
    return TypeInfo(name, _integer_schema(least, most), parse=parse)


def _matching(pattern: str) -> Mapping[str, object]:
    return {"type": "string", "pattern": pattern}


def _integer_schema(least: int, most: int) -> Mapping[str, object]:
    """Return the schema of whole numbers; YAML has them as numbers, environments as texts."""
    pattern = f"^({integer_pattern(least, most)})$"
    kinds = ["integer", "string"]
    return {"type": kinds, "pattern": pattern, "minimum": least, "maximum": most}


Port = Annotated[int, integer(1, 65535, name="port", noun="a port")]
Switch = Annotated[
    bool, TypeInfo("on or off", {"enum": [*ON, *OFF, True, False]}, parse=parse_switch)
]
Count = Annotated[int, integer(1, 999_999_999)]
Seconds = Annotated[
    int, integer(0, 9_999_999_999, name="seconds", noun="a whole number of seconds")
]
Duration = Annotated[
    str, TypeInfo("time", _matching("^[1-9][0-9]{0,9}(ms|s|m|h|d)$"), parse=parse_duration)
]
Line = Annotated[str, TypeInfo("text", _matching(_ONE_LINE), parse=parse_line)]
Secret = Annotated[SecretText, TypeInfo("secret", secret=True, parse=parse_secret)]
Snippet = Annotated[
    RawText, TypeInfo("raw lines", secret=True, parse=parse_snippet, may_be_empty=True)
]
Targets = Annotated[tuple[str, ...], TypeInfo("list of targets", parse=parse_wait_targets)]
Folder = Annotated[str, TypeInfo("directory", _matching("^/"), parse=parse_folder, is_path=True)]
SocketPath = Annotated[
    str, TypeInfo("socket path", _matching("^/.*[^/]$"), parse=parse_socket_path, is_path=True)
]
HostPort = Annotated[str, TypeInfo("host:port", _matching(":[0-9]+$"), parse=parse_host_port)]
Addresses = Annotated[tuple[str, ...], TypeInfo("list of IP addresses", parse=parse_addresses)]
Networks = Annotated[tuple[str, ...], TypeInfo("list of networks", parse=parse_networks)]
