"""Variables that hold lists of maps, in JSON or YAML, each with keys that are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final

from pydantic import PlainValidator

from entrykit.display import display_key
from entrykit.errors import InvalidValue
from entrykit.roles.registry.variables.maps import check_header_map
from entrykit.roles.registry.variables.sensitive import SensitiveTree
from entrykit.roles.registry.variables.types import duration, url
from entrykit.variables.documents import TypedTree, parse_typed
from entrykit.variables.parsers import parse_folder
from entrykit.variables.types import TypeInfo

Validator = Callable[[TypedTree], "TypedTree"]


def _parse_maps(
    text: str, known: Mapping[str, Validator], required: tuple[str, ...]
) -> list[TypedTree]:
    """Read a list of maps, each with keys that are known; a single map is a list of one."""
    tree = parse_typed(text)
    entries = [tree] if isinstance(tree, dict) else tree
    if not isinstance(entries, list):
        raise InvalidValue([f"not a list of maps (expected keys {', '.join(known)})"])
    faults: list[str] = []
    good: list[TypedTree] = []
    for number, entry in enumerate(entries, start=1):
        try:
            good.append(_parse_entry(entry, known, required))
        except InvalidValue as error:
            faults += [f"entry {number}: {fault}" for fault in error.messages]
    if faults:
        raise InvalidValue(faults)
    return good


def _parse_entry(
    entry: TypedTree, known: Mapping[str, Validator], required: tuple[str, ...]
) -> TypedTree:
    if not isinstance(entry, dict):
        raise InvalidValue(["not a map"])
    faults = [f"{name}: not set" for name in required if entry.get(name) in (None, "")]
    found: dict[str, TypedTree] = {}
    for name, value in entry.items():
        if name not in known:
            faults.append(f"{display_key(name)}: no such key (expected one of {', '.join(known)})")
            continue
        try:
            found[name] = known[name](value)
        except InvalidValue as error:
            faults += [f"{name}: {fault}" for fault in error.messages]
    if faults:
        raise InvalidValue(faults)
    return found


def _text(value: TypedTree) -> TypedTree:
    if not isinstance(value, str):
        raise InvalidValue(["not a text (expected it in quotes)"])
    return value


def _time(value: TypedTree) -> TypedTree:
    return duration(str(value))


def _url(value: TypedTree) -> TypedTree:
    return url(str(value))


def _path(value: TypedTree) -> TypedTree:
    return parse_folder(str(value))


def _boolean(value: TypedTree) -> TypedTree:
    if not isinstance(value, bool):
        raise InvalidValue(["neither true nor false"])
    return value


def _number(value: TypedTree) -> TypedTree:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidValue(["not a whole number"])
    return value


def _texts(value: TypedTree) -> TypedTree:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidValue(["not a list of texts"])
    return value


def _any_map(value: TypedTree) -> TypedTree:
    if not isinstance(value, dict):
        raise InvalidValue(["not a map"])
    return value


_ENDPOINT: Final[Mapping[str, Validator]] = {
    "name": _text,
    "url": _url,
    "disabled": _boolean,
    "headers": check_header_map,
    "timeout": _time,
    "threshold": _number,
    "backoff": _time,
    "ignoredmediatypes": _texts,
    "ignore": _any_map,
}
_HOOK: Final[Mapping[str, Validator]] = {
    "type": _text,
    "disabled": _boolean,
    "levels": _texts,
    "options": _any_map,
}
_MIDDLEWARE: Final[Mapping[str, Validator]] = {
    "name": _text,
    "disabled": _boolean,
    "options": _any_map,
}
_FILE: Final[Mapping[str, Validator]] = {"file": _path, "interval": _time, "threshold": _number}
_TCP: Final[Mapping[str, Validator]] = {
    "addr": _text,
    "timeout": _time,
    "interval": _time,
    "threshold": _number,
}
_HTTP: Final[Mapping[str, Validator]] = {
    "uri": _url,
    "headers": check_header_map,
    "statuscode": _number,
    "timeout": _time,
    "interval": _time,
    "threshold": _number,
}
_PLATFORM: Final[Mapping[str, Validator]] = {"architecture": _text, "os": _text}


def parse_endpoints(text: str) -> SensitiveTree:
    """Read who is told of what happens: maps with a name and a URL."""
    return SensitiveTree(text, _parse_maps(text, _ENDPOINT, ("name", "url")))


def parse_hooks(text: str) -> SensitiveTree:
    """Read hooks of the log: maps with a type."""
    return SensitiveTree(text, _parse_maps(text, _HOOK, ("type",)))


def parse_middleware(text: str) -> SensitiveTree:
    """Read middleware: maps with a name and options."""
    return SensitiveTree(text, _parse_maps(text, _MIDDLEWARE, ("name",)))


def parse_file_checks(text: str) -> list[TypedTree]:
    """Read health checks by a file that must not be there."""
    return _parse_maps(text, _FILE, ("file",))


def parse_tcp_checks(text: str) -> list[TypedTree]:
    """Read health checks by a connection."""
    return _parse_maps(text, _TCP, ("addr",))


def parse_http_checks(text: str) -> SensitiveTree:
    """Read health checks by a request."""
    return SensitiveTree(text, _parse_maps(text, _HTTP, ("uri",)))


def parse_platforms(text: str) -> list[TypedTree]:
    """Read platforms: maps with an architecture and a system."""
    return _parse_maps(text, _PLATFORM, ("architecture", "os"))


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
