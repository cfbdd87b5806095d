"""Variables that hold lists of maps with known keys, in JSON or YAML."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Final

from pydantic import PlainValidator

from entrykit.roles.registry.variables.maps import check_headers
from entrykit.roles.registry.variables.sensitive import SensitiveTree
from entrykit.roles.registry.variables.types import duration, url
from entrykit.variables.documents import TypedTree
from entrykit.variables.parsers import parse_folder
from entrykit.variables.schema import (
    Check,
    check_boolean,
    check_map,
    check_natural,
    check_parsed,
    check_string,
    check_strings,
    parse_records,
)
from entrykit.variables.types import TypeInfo

_check_duration: Final = partial(check_parsed, duration)
_check_url: Final = partial(check_parsed, url)
_check_path: Final = partial(check_parsed, parse_folder)

_ENDPOINT: Final[Mapping[str, Check]] = {
    "name": check_string,
    "url": _check_url,
    "disabled": check_boolean,
    "headers": check_headers,
    "timeout": _check_duration,
    "threshold": check_natural,
    "backoff": _check_duration,
    "ignoredmediatypes": check_strings,
    "ignore": check_map,
}
_HOOK: Final[Mapping[str, Check]] = {
    "type": check_string,
    "disabled": check_boolean,
    "levels": check_strings,
    "options": check_map,
}
_MIDDLEWARE: Final[Mapping[str, Check]] = {
    "name": check_string,
    "disabled": check_boolean,
    "options": check_map,
}
_FILE: Final[Mapping[str, Check]] = {
    "file": _check_path,
    "interval": _check_duration,
    "threshold": check_natural,
}
_TCP: Final[Mapping[str, Check]] = {
    "addr": check_string,
    "timeout": _check_duration,
    "interval": _check_duration,
    "threshold": check_natural,
}
_HTTP: Final[Mapping[str, Check]] = {
    "uri": _check_url,
    "headers": check_headers,
    "statuscode": check_natural,
    "timeout": _check_duration,
    "interval": _check_duration,
    "threshold": check_natural,
}
_PLATFORM: Final[Mapping[str, Check]] = {"architecture": check_string, "os": check_string}


def parse_endpoints(text: str) -> SensitiveTree:
    """Parse the receivers of notifications: maps with a name and a URL."""
    return SensitiveTree(text, parse_records(text, _ENDPOINT, ("name", "url")))


def parse_hooks(text: str) -> SensitiveTree:
    """Parse log hooks: maps with a type."""
    return SensitiveTree(text, parse_records(text, _HOOK, ("type",)))


def parse_middleware(text: str) -> SensitiveTree:
    """Parse middleware: maps with a name and options."""
    return SensitiveTree(text, parse_records(text, _MIDDLEWARE, ("name",)))


def parse_file_checks(text: str) -> list[TypedTree]:
    """Parse health checks of files: the registry is unhealthy while such a file exists."""
    return parse_records(text, _FILE, ("file",))


def parse_tcp_checks(text: str) -> list[TypedTree]:
    """Parse health checks that open a TCP connection."""
    return parse_records(text, _TCP, ("addr",))


def parse_http_checks(text: str) -> SensitiveTree:
    """Parse health checks that send an HTTP request."""
    return SensitiveTree(text, parse_records(text, _HTTP, ("uri",)))


def parse_platforms(text: str) -> list[TypedTree]:
    """Parse platforms: maps with an architecture and an operating system."""
    return parse_records(text, _PLATFORM, ("architecture", "os"))


Endpoints = Annotated[
    SensitiveTree, PlainValidator(parse_endpoints), TypeInfo("list of maps", secret=True)
]
Hooks = Annotated[SensitiveTree, PlainValidator(parse_hooks), TypeInfo("list of maps", secret=True)]
Middleware = Annotated[
    SensitiveTree, PlainValidator(parse_middleware), TypeInfo("list of maps", secret=True)
]
HttpChecks = Annotated[
    SensitiveTree, PlainValidator(parse_http_checks), TypeInfo("list of maps", secret=True)
]
FileChecks = Annotated[list[object], PlainValidator(parse_file_checks), TypeInfo("list of maps")]
TcpChecks = Annotated[list[object], PlainValidator(parse_tcp_checks), TypeInfo("list of maps")]
Platforms = Annotated[list[object], PlainValidator(parse_platforms), TypeInfo("list of maps")]
