"""Variables that hold lists of maps, in JSON or YAML, each with keys that are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final

from pydantic import PlainValidator

from entrykit.display import shown_key
from entrykit.errors import Faults
from entrykit.roles.registry.variables.maps import header_map
from entrykit.roles.registry.variables.sensitive import Hidden
from entrykit.roles.registry.variables.types import duration, url
from entrykit.variables.documents import Typed, parse_typed
from entrykit.variables.types import Kind, folder

Judge = Callable[[Typed], "Typed"]


def _maps(text: str, known: Mapping[str, Judge], required: tuple[str, ...]) -> list[Typed]:
    """Read a list of maps, each with keys that are known; a single map is a list of one."""
    tree = parse_typed(text)
    entries = [tree] if isinstance(tree, dict) else tree
    if not isinstance(entries, list):
        raise Faults([f"not a list of maps (expected keys {', '.join(known)})"])
    faults: list[str] = []
    good: list[Typed] = []
    for number, entry in enumerate(entries, start=1):
        try:
            good.append(_entry(entry, known, required))
        except Faults as error:
            faults += [f"entry {number}: {fault}" for fault in error.faults]
    if faults:
        raise Faults(faults)
    return good


def _entry(entry: Typed, known: Mapping[str, Judge], required: tuple[str, ...]) -> Typed:
    if not isinstance(entry, dict):
        raise Faults(["not a map"])
    faults = [f"{name}: not set" for name in required if entry.get(name) in (None, "")]
    found: dict[str, Typed] = {}
    for name, value in entry.items():
        if name not in known:
            faults.append(f"{shown_key(name)}: no such key (expected one of {', '.join(known)})")
            continue
        try:
            found[name] = known[name](value)
        except Faults as error:
            faults += [f"{name}: {fault}" for fault in error.faults]
    if faults:
        raise Faults(faults)
    return found


def _text(value: Typed) -> Typed:
    if not isinstance(value, str):
        raise Faults(["not a text (expected it in quotes)"])
    return value


def _time(value: Typed) -> Typed:
    return duration(str(value))


def _url(value: Typed) -> Typed:
    return url(str(value))


def _path(value: Typed) -> Typed:
    return folder(str(value))


def _truth(value: Typed) -> Typed:
    if not isinstance(value, bool):
        raise Faults(["neither true nor false"])
    return value


def _number(value: Typed) -> Typed:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Faults(["not a whole number"])
    return value


def _texts(value: Typed) -> Typed:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Faults(["not a list of texts"])
    return value


def _any_map(value: Typed) -> Typed:
    if not isinstance(value, dict):
        raise Faults(["not a map"])
    return value


_ENDPOINT: Final[Mapping[str, Judge]] = {
    "name": _text,
    "url": _url,
    "disabled": _truth,
    "headers": header_map,
    "timeout": _time,
    "threshold": _number,
    "backoff": _time,
    "ignoredmediatypes": _texts,
    "ignore": _any_map,
}
_HOOK: Final[Mapping[str, Judge]] = {
    "type": _text,
    "disabled": _truth,
    "levels": _texts,
    "options": _any_map,
}
_MIDDLEWARE: Final[Mapping[str, Judge]] = {"name": _text, "disabled": _truth, "options": _any_map}
_FILE: Final[Mapping[str, Judge]] = {"file": _path, "interval": _time, "threshold": _number}
_TCP: Final[Mapping[str, Judge]] = {
    "addr": _text,
    "timeout": _time,
    "interval": _time,
    "threshold": _number,
}
_HTTP: Final[Mapping[str, Judge]] = {
    "uri": _url,
    "headers": header_map,
    "statuscode": _number,
    "timeout": _time,
    "interval": _time,
    "threshold": _number,
}
_PLATFORM: Final[Mapping[str, Judge]] = {"architecture": _text, "os": _text}


def endpoints(text: str) -> Hidden:
    """Read who is told of what happens: maps with a name and a URL."""
    return Hidden(text, _maps(text, _ENDPOINT, ("name", "url")))


def hooks(text: str) -> Hidden:
    """Read hooks of the log: maps with a type."""
    return Hidden(text, _maps(text, _HOOK, ("type",)))


def middleware(text: str) -> Hidden:
    """Read middleware: maps with a name and options."""
    return Hidden(text, _maps(text, _MIDDLEWARE, ("name",)))


def file_checks(text: str) -> list[Typed]:
    """Read health checks by a file that must not be there."""
    return _maps(text, _FILE, ("file",))


def tcp_checks(text: str) -> list[Typed]:
    """Read health checks by a connection."""
    return _maps(text, _TCP, ("addr",))


def http_checks(text: str) -> Hidden:
    """Read health checks by a request."""
    return Hidden(text, _maps(text, _HTTP, ("uri",)))


def platforms(text: str) -> list[Typed]:
    """Read platforms: maps with an architecture and a system."""
    return _maps(text, _PLATFORM, ("architecture", "os"))


Endpoints = Annotated[Hidden, PlainValidator(endpoints), Kind("list of maps", secret=True)]
Hooks = Annotated[Hidden, PlainValidator(hooks), Kind("list of maps", secret=True)]
Middleware = Annotated[Hidden, PlainValidator(middleware), Kind("list of maps", secret=True)]
HttpChecks = Annotated[Hidden, PlainValidator(http_checks), Kind("list of maps", secret=True)]
FileChecks = Annotated[list[object], PlainValidator(file_checks), Kind("list of maps")]
TcpChecks = Annotated[list[object], PlainValidator(tcp_checks), Kind("list of maps")]
Platforms = Annotated[list[object], PlainValidator(platforms), Kind("list of maps")]
