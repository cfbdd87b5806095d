"""Targets to wait for: tcp://db:5432, http://app/health, file:/run/x."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from entrykit.display import display
from entrykit.errors import InvalidValue, parse_each
from entrykit.variables.hostnames import app_name, is_address
from entrykit.variables.network import port

_PORTS: Final = {"http": 80, "https": 443}
_EXPECTED: Final = "e.g. tcp://db:5432, http://app/health, file:/a/path or unix:/a/socket"
_URL: Final = re.compile(r'(tcp|https?)://([^/?#]*)([/?][!"$-~]*)?')
_MAX_SOCKET_PATH: Final = 107  # octets of sun_path (unix(7))


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to wait for.

    Attributes:
        kind: `tcp`, `http`, `https`, `file` or `unix`.
        host: a name or an address, without brackets; empty for a path.
        port: of the host; 0 for a path.
        path: of the file or the socket; or what is asked for over HTTP.
    """

    kind: str
    host: str
    port: int
    path: str

    def __str__(self) -> str:
        """Show it for a message, without a query: that may hold a token."""
        if self.kind in {"file", "unix"}:
            return f"{self.kind}:{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        path, sign, _ = self.path.partition("?")
        return f"{self.kind}://{host}:{self.port}{path}{sign and '?…'}"


def targets(words: Iterable[str]) -> tuple[Target, ...]:
    """Parse targets.

    Raises:
        InvalidValue: one for each that is none.
    """
    good = parse_each(_target, words)
    if not good:
        raise InvalidValue([f"nothing to wait for ({_EXPECTED})"])
    return tuple(dict.fromkeys(good))


def _target(word: str) -> Target:
    scheme, _, rest = word.partition(":")
    if scheme in {"file", "unix"}:
        return _path_target(word, scheme, rest)
    match = _URL.fullmatch(word)
    if not match:
        raise InvalidValue([f"{_hide_query(word)}: not a target ({_EXPECTED})"])
    return _network_target(_hide_query(word), match[1], match[2], match[3] or "")


def _path_target(word: str, kind: str, rest: str) -> Target:
    path = rest.removeprefix("//")  # file:///run/x is file:/run/x (RFC 8089)
    if not path.startswith("/") or "\0" in path:
        raise InvalidValue([f"{display(word)}: not an absolute path (expected {kind}:/a/path)"])
    if kind == "unix" and len(path.encode()) > _MAX_SOCKET_PATH:
        raise InvalidValue(
            [f"{display(word)}: too long for a socket (expected at most {_MAX_SOCKET_PATH} bytes)"]
        )
    return Target(kind, "", 0, path)


def _network_target(shown: str, kind: str, authority: str, path: str) -> Target:
    if "@" in authority:
        raise InvalidValue([f"{kind}://…: has a user or a password (expected none)"])
    if kind == "tcp" and path.strip("/"):
        raise InvalidValue([f"{shown}: has a path (expected tcp://host:port)"])
    host, number = _split(authority)
    if not number and kind == "tcp":
        raise InvalidValue([f"{shown}: no port (expected tcp://host:port)"])
    try:
        name = app_name(host) if kind == "https" else _host(host)
        chosen = port(number) if number else _PORTS[kind]
    except InvalidValue as error:
        messages = [each.replace("not an app name", "not a host") for each in error.messages]
        raise InvalidValue([f"{shown}: {each}" for each in messages]) from None
    if kind == "tcp":
        return Target(kind, name, chosen, "")
    return Target(kind, name, chosen, path if path.startswith("/") else f"/{path}")


def _host(text: str) -> str:
    """Check a host; a dot at the end of a name says that no domain is to be searched for it.

    That is for the resolver (resolv.conf(5), ndots); no certificate has such a name.
    """
    name = text.removesuffix(".")
    if name == text or is_address(name):
        return app_name(text)
    return f"{app_name(name)}."


def _split(authority: str) -> tuple[str, str]:
    match = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::(.*))?", authority)
    return (match[1], match[2] or "") if match else (authority, "")


def _hide_query(word: str) -> str:
    before, sign, _ = word.partition("?")
    return display(f"{before}{sign and '?…'}") if "@" not in word else '"…"'
