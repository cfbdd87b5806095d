"""The types that only certbot's variables have."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Final

from entrykit.display import display
from entrykit.errors import InvalidValue
from entrykit.variables import types
from entrykit.variables.hostnames import app_name
from entrykit.variables.network import port
from entrykit.variables.parsers import parse_folder, parse_text
from entrykit.variables.quantities import DurationForm, milliseconds, parse_duration
from entrykit.variables.secret import Secret

_INTERVAL: Final = DurationForm(366 * 86_400_000, ("s", "m", "h", "d"), bare="s", zero=True)
_MAX_GROUP: Final = 2**32 - 2  # the number above means "none" to chown(2)

_ADDRESS: Final = r"[^\s,@\x00-\x1f\x7f]+@[^\s,@\x00-\x1f\x7f]+"
_URL: Final = r"https?://[^\s/?#\x00-\x1f\x7f]+(?:[/?][^\s#\x00-\x1f\x7f]*)?"
_PLUGIN: Final = r"[a-z0-9]+(?:-[a-z0-9]+)*"


def parse_origin(text: str) -> str:
    """Accept http://host or http://host:port, which CAs use for http-01 as well."""
    error = InvalidValue(
        [f"{display(text)}: not an http:// URL with a host (expected e.g. http://haproxy)"]
    )
    match = re.fullmatch(r"http://(\[[^\]]*\]|[^:/\s]+)(?::([0-9]+))?/?", text)
    if not match:
        raise error
    try:
        app_name(match[1])
        port(match[2] or "80")
    except InvalidValue:
        raise error from None
    return text.rstrip("/")


def parse_plugin(text: str) -> str:
    """Accept the name of a DNS plugin, also with certbot's prefix: dns-cloudflare."""
    expected = "a plugin's name, e.g. cloudflare"
    return parse_text(text, pattern=_PLUGIN, expected=expected).removeprefix("dns-")


def parse_hidden_path(text: str) -> str:
    """Accept an absolute path, and never show the text: it may be the credentials themselves."""
    try:
        return parse_folder(text)
    except InvalidValue:
        raise InvalidValue(
            ["not an absolute path (expected the path of the file, not its content)"]
        ) from None


def to_seconds(interval: str) -> int:
    """Return the length of an `Interval`."""
    return milliseconds(interval, bare="s") // 1000


_PATH: Final = {"type": "string", "pattern": "^/"}

# As in certbot's --email: one, or several with commas between them.
Email = Annotated[
    str,
    types.text(
        pattern=f"{_ADDRESS}(?:,{_ADDRESS})*",
        expected="an address, e.g. me@example.com",
        name="address",
    ),
]
# RFC 8555, 7.1.1.
Directory = Annotated[
    str,
    types.text(pattern=_URL, expected="a URL, e.g. https://acme.example.com/directory", name="URL"),
]
Origin = Annotated[
    str,
    types.TypeInfo("URL", {"type": "string", "pattern": "^http://"}, parse=parse_origin),
]
Plugin = Annotated[str, types.TypeInfo("text", parse=parse_plugin)]
Path = Annotated[str, types.TypeInfo("path", _PATH, parse=parse_folder, is_path=True)]
HiddenPath = Annotated[str, types.TypeInfo("path", _PATH, parse=parse_hidden_path, is_path=True)]
# Padded or not, as certbot decodes it.
HmacKey = Annotated[
    Secret,
    types.secret(
        r"[A-Za-z0-9_-]{2,}={0,2}", expected="a key in base64url: letters, digits, - and _"
    ),
]
# A number, because the names of groups differ from image to image.
Group = Annotated[int, types.integer(0, _MAX_GROUP, noun="the number of a group")]
Interval = Annotated[
    str,
    types.TypeInfo(
        "time",
        {"type": ["integer", "string"], "pattern": "^(0|[1-9][0-9]*)[smhd]?$"},
        parse=partial(parse_duration, form=_INTERVAL),
    ),
]
# What Docker accepts: a container's name or id.
Container = Annotated[
    str,
    types.text(pattern=r"[A-Za-z0-9][A-Za-z0-9_.-]*", expected="a container's name, e.g. haproxy"),
]
# draft-ietf-acme-profiles: a JSON object's key.
Profile = Annotated[
    str,
    types.text(pattern=r"[A-Za-z0-9][A-Za-z0-9._-]*", expected="a profile's name, e.g. shortlived"),
]
