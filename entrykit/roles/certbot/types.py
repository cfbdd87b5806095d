"""The kinds of values that only certbot's variables have."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import PlainValidator

from entrykit.display import display
from entrykit.errors import InvalidValue
from entrykit.variables import types
from entrykit.variables.durations import DurationForm, milliseconds, parse_duration
from entrykit.variables.hostnames import app_name
from entrykit.variables.network import port
from entrykit.variables.parsers import parse_folder
from entrykit.variables.secret import Secret

_INTERVAL: Final = DurationForm(366 * 86_400_000, ("s", "m", "h", "d"), bare="s", zero=True)
_LARGEST_GROUP: Final = 2**32 - 2  # the one above means "none" to chown(2)


def _accept(text: str, pattern: str, refusal: str) -> str:
    if not re.fullmatch(pattern, text):
        raise InvalidValue([f"{display(text)}: {refusal}"])
    return text


def email(text: str) -> str:
    """Accept addresses as certbot's --email does: one, or several with commas between."""
    one = r"[^\s,@\x00-\x1f\x7f]+@[^\s,@\x00-\x1f\x7f]+"
    return _accept(text, f"{one}(?:,{one})*", "not an address (expected me@example.com)")


def directory(text: str) -> str:
    """Accept the URL of an ACME server's directory (RFC 8555, 7.1.1)."""
    return _accept(
        text,
        r"https?://[^\s/?#\x00-\x1f\x7f]+(?:[/?][^\s#\x00-\x1f\x7f]*)?",
        "not a URL (expected https://acme.example.com/directory)",
    )


def origin(text: str) -> str:
    """Accept http://host or http://host:port: CAs ask over HTTP, and so do we."""
    refusal = f"{display(text)}: not http:// and a host (expected http://haproxy)"
    match = re.fullmatch(r"http://(\[[^\]]*\]|[^:/\s]+)(?::([0-9]+))?/?", text)
    if not match:
        raise InvalidValue([refusal])
    try:
        app_name(match[1])
        port(match[2] or "80")
    except InvalidValue:
        raise InvalidValue([refusal]) from None
    return text.rstrip("/")


def plugin(text: str) -> str:
    """Accept the name of a DNS plugin, also as certbot has it: dns-cloudflare."""
    return _accept(
        text, r"[a-z0-9]+(?:-[a-z0-9]+)*", "not a plugin's name (expected cloudflare, say)"
    ).removeprefix("dns-")


def hidden_path(text: str) -> str:
    """Accept an absolute path, and never show the text: DNS_CREDENTIALS_FILE invites a mistake."""
    try:
        return parse_folder(text)
    except InvalidValue:
        raise InvalidValue(
            ["not an absolute path (expected that of the file, not what is in it)"]
        ) from None


def hmac_key(text: str) -> Secret:
    """Accept a key in base64url, padded or not, as certbot decodes it."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{2,}={0,2}", text):
        raise InvalidValue(["not a key in base64url (expected letters, digits, - and _)"])
    return Secret(text)


def interval(text: str) -> str:
    """Accept a duration: 12h, 1d, or a bare number of seconds, 0 as well."""
    return parse_duration(text, _INTERVAL)


def to_seconds(text: str) -> int:
    """Return the seconds of an `interval`."""
    return milliseconds(text, bare="s") // 1000


def container(text: str) -> str:
    """Accept what Docker takes for a container: its name or its id."""
    return _accept(
        text, r"[A-Za-z0-9][A-Za-z0-9_.-]*", "not a container's name (expected haproxy, say)"
    )


def profile(text: str) -> str:
    """Accept the name of a profile (draft-ietf-acme-profiles, a JSON object's key)."""
    return _accept(
        text, r"[A-Za-z0-9][A-Za-z0-9._-]*", "not a profile's name (expected shortlived)"
    )


Email = Annotated[str, PlainValidator(email), types.TypeInfo("address")]
Directory = Annotated[
    str,
    PlainValidator(directory),
    types.TypeInfo("URL", {"type": "string", "pattern": "^https?://"}),
]
Origin = Annotated[
    str, PlainValidator(origin), types.TypeInfo("URL", {"type": "string", "pattern": "^http://"})
]
Plugin = Annotated[str, PlainValidator(plugin), types.TypeInfo("text")]
_PATH: Final = types.TypeInfo("path", {"type": "string", "pattern": "^/"}, is_path=True)
Path = Annotated[str, PlainValidator(parse_folder), _PATH]
HiddenPath = Annotated[str, PlainValidator(hidden_path), _PATH]
HmacKey = Annotated[Secret, PlainValidator(hmac_key), types.TypeInfo("secret", secret=True)]
Group = Annotated[int, types.integer(0, _LARGEST_GROUP, noun="the number of a group")]
Interval = Annotated[
    str,
    PlainValidator(interval),
    types.TypeInfo("time", {"type": ["integer", "string"], "pattern": "^(0|[1-9][0-9]*)[smhd]?$"}),
]
Container = Annotated[str, PlainValidator(container), types.TypeInfo("text")]
Profile = Annotated[str, PlainValidator(profile), types.TypeInfo("text")]
