"""Types of values that only the registry role has."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import PlainValidator

from entrykit.display import display
from entrykit.errors import InvalidValue
from entrykit.variables import types
from entrykit.variables.parsers import parse_folder, parse_line, split_list
from entrykit.variables.quantities import DurationForm, milliseconds, parse_duration, parse_integer

_MIB: Final = 1 << 20
_GIB: Final = 1 << 30
_SMALLEST_PART: Final = 5 * _MIB  # of a multipart upload, by S3 itself
_LARGEST_PART: Final = 5 * _GIB
_GCS_UNIT: Final = 256 << 10
_MAX_PORT: Final = 65535

# What Go's time.ParseDuration reads, without signs; and days, which it does not know.
_GO: Final = DurationForm(
    most=2_000_000 * 3_600_000,  # int64 nanoseconds hold some more
    units=("ns", "us", "µs", "ms", "s", "m", "h", "d"),
    compound=True,
)


def duration(text: str) -> str:
    """Parse a duration as Go writes it: 30s, 1h30m; or in days, which become hours.

    A bare number is refused: the registry reads it as nanoseconds.
    """
    has_days = "d" in text
    parse_duration(text, _GO._replace(compound=not has_days))
    return f"{milliseconds(text) // 3_600_000}h" if has_days else text


def lifetime(text: str) -> str:
    """Parse a time, or 0 for no end."""
    return "0s" if text in {"0", "0s"} else duration(text)


def gcs_chunk(text: str) -> int:
    """Parse the size of a chunk for GCS, in bytes."""
    found = parse_integer(text, _GCS_UNIT, _LARGEST_PART, "a number of bytes")
    if found % _GCS_UNIT:
        near = found - found % _GCS_UNIT
        raise InvalidValue(
            [f"{display(text)}: not a multiple of {_GCS_UNIT} (expected e.g. {near})"]
        )
    return found


def items(text: str) -> list[str]:
    """Parse a list: `a,b` or JSON; no item is empty."""
    found = [parse_line(item) for item in split_list(text)]
    if not all(found):
        raise InvalidValue([f"{display(text)}: an empty item (expected single commas between)"])
    return found


def paths(text: str) -> list[str]:
    """Parse a list of absolute paths."""
    return [path(item) for item in items(text)]


def path(text: str) -> str:
    """Accept the absolute path of a file."""
    parse_folder(text)
    if text.endswith("/"):
        raise InvalidValue([f"{display(text)}: names a directory (expected a file)"])
    return text


def patterns(text: str) -> list[str]:
    """Parse a list of regular expressions; a single one may have commas, as JSON many may."""
    found = split_list(text) if text.lstrip().startswith("[") else [text]
    return [parse_line(item) for item in found]


def address(text: str) -> str:
    """Accept an address to listen on: `:5000`, `[::1]:5000`, or the path of a socket."""
    parse_line(text)
    if text.startswith("/"):
        return path(text)
    host, colon, number = text.rpartition(":")
    port = re.fullmatch(r"[1-9][0-9]{0,4}", number)
    if not colon or not port or int(number) > _MAX_PORT or not _is_host(host):
        expected = "expected e.g. :5000 or 127.0.0.1:5000"
        raise InvalidValue([f"{display(text)}: not an address to listen on ({expected})"])
    return text


def _is_host(host: str) -> bool:
    return bool(re.fullmatch(r"|[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]", host))


def url(text: str) -> str:
    """Accept an http or https URL without user, query and fragment, which logs would show."""
    from urllib.parse import urlsplit

    parse_line(text)
    try:
        parts = urlsplit(text)
        whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        whole = False
    if not whole or " " in text:
        raise InvalidValue([f"{_redact_url(text)}: not a URL (expected e.g. https://example.com)"])
    if "@" in parts.netloc:
        raise InvalidValue(
            [f"{_redact_url(text)}: has a user name or a password (expected a URL without)"]
        )
    if parts.query or parts.fragment:
        raise InvalidValue(
            [f"{_redact_url(text)}: has a query or a fragment (expected a URL without)"]
        )
    return text


def _redact_url(text: str) -> str:
    """Quote a URL for a message, without what may be a password."""
    return display(re.sub(r"(?<=//)[^/@]*@", "***@", text).partition("?")[0])


def origin(text: str) -> str:
    """Accept a URL of scheme, host and port: upstream drops a path, or requests it twice."""
    from urllib.parse import urlsplit

    if urlsplit(url(text)).path.strip("/"):
        parts = urlsplit(text)
        expected = f"expected {parts.scheme}://{parts.netloc}"
        raise InvalidValue([f"{display(text)}: has a path ({expected})"])
    return text.rstrip("/")


def endpoint(text: str) -> str:
    """Accept the address of an S3 store: a URL, or host and port, with the scheme of SECURE."""
    return url(text) if "//" in text else _bare_endpoint(text)


def _bare_endpoint(text: str) -> str:
    if not re.fullmatch(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?", text):
        raise InvalidValue(
            [f"{_redact_url(text)}: not a URL (expected e.g. https://s3.example.com)"]
        )
    return text


def prefix(text: str) -> str:
    """Accept the path below which the registry answers."""
    if not re.fullmatch(r"/(?:[A-Za-z0-9._~-]+/)*", text):
        raise InvalidValue(
            [f"{display(text)}: not a path with a / at both ends (expected e.g. /registry/)"]
        )
    return text


def storage_class(text: str) -> str:
    """Accept a storage class in any case, as upstream does."""
    if text.upper() not in STORAGE_CLASSES:
        raise InvalidValue(
            [f"{display(text)}: unknown storage class (expected {' or '.join(STORAGE_CLASSES)})"]
        )
    return text.upper()


# 2.8 has the first three.
STORAGE_CLASSES: Final = (
    *("STANDARD", "REDUCED_REDUNDANCY", "NONE", "STANDARD_IA", "ONEZONE_IA"),
    *("INTELLIGENT_TIERING", "OUTPOSTS", "GLACIER_IR", "EXPRESS_ONEZONE"),
)
OLD_STORAGE_CLASSES: Final = STORAGE_CLASSES[:3]


_NUMBER: Final = {"type": ["integer", "string"], "pattern": "^(0|[1-9][0-9]{0,17})$", "minimum": 0}
_PATH: Final = {"type": "string", "pattern": "^/.*[^/]$"}
_TIME: Final = {"type": "string", "pattern": "^([0-9.]+(ns|us|µs|ms|s|m|h))+$|^[1-9][0-9]*d$"}

Duration = Annotated[str, PlainValidator(duration), types.TypeInfo("time", _TIME)]
Lifetime = Annotated[str, PlainValidator(lifetime), types.TypeInfo("time or 0")]
PartSize = Annotated[
    int,
    types.integer(
        _SMALLEST_PART, _LARGEST_PART, name="bytes", noun="a number of bytes that S3 accepts"
    ),
]
ThresholdSize = Annotated[
    int, types.integer(0, _LARGEST_PART, name="bytes", noun="a number of bytes")
]
GcsChunk = Annotated[int, PlainValidator(gcs_chunk), types.TypeInfo("bytes", _NUMBER)]
# Upstream raises any lower number of threads to 25.
Threads = Annotated[int, types.integer(25, 1_000_000, noun="a number of threads")]
Natural = Annotated[int, types.integer(0, 999_999_999)]
Items = Annotated[list[str], PlainValidator(items), types.TypeInfo("list")]
Paths = Annotated[list[str], PlainValidator(paths), types.TypeInfo("list of paths", is_path=True)]
Patterns = Annotated[list[str], PlainValidator(patterns), types.TypeInfo("list of patterns")]
Path = Annotated[str, PlainValidator(path), types.TypeInfo("path", _PATH, is_path=True)]
Address = Annotated[str, PlainValidator(address), types.TypeInfo("address:port")]
Url = Annotated[str, PlainValidator(url), types.TypeInfo("URL")]
Origin = Annotated[str, PlainValidator(origin), types.TypeInfo("URL")]
Endpoint = Annotated[str, PlainValidator(endpoint), types.TypeInfo("URL")]
Prefix = Annotated[str, PlainValidator(prefix), types.TypeInfo("path")]
StorageClass = Annotated[str, PlainValidator(storage_class), types.TypeInfo("storage class")]
