"""Apps, as DOMAINS lists them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from entrykit.display import display
from entrykit.variables.hostnames import is_address


class Site(NamedTuple):
    """Options of one domain; None stands for the default of the role.

    Attributes:
        spa: whether a path without a file shows index.html.
    """

    spa: bool | None = None


@dataclass(frozen=True, slots=True)
class App:
    """An app on one port, and the domains that it serves.

    Attributes:
        name: the host to connect to: a DNS name, or an IP address without brackets;
            empty where DOMAINS is a plain list.
        port: the port to connect to; None for the default of the role.
        domains: normalised, in order of appearance, each once.
        replicas: how many addresses the name may resolve to.
        check: path of a health check over HTTP, or None.
        tls: `terminate`, or `passthrough` where the app speaks TLS itself.
        sites: options by domain, for those that have any.
    """

    name: str
    port: int | None
    domains: tuple[str, ...]
    replicas: int = 1
    check: str | None = None
    tls: str = "terminate"
    sites: Mapping[str, Site] = field(default_factory=dict, hash=False)


class Options(NamedTuple):
    """Options of an app; each as in `App`."""

    replicas: int = 1
    check: str | None = None
    tls: str = "terminate"


DEFAULTS: Final = Options()


def label(name: str, port: int | None) -> str:
    """Write an app and its port as DOMAINS has them."""
    host = f"[{name}]" if ":" in name else name
    return host if port is None else f"{host}:{port}"


def contradictions(name: str, options: Options) -> Iterator[str]:
    """Yield an error for options of one app that exclude each other."""
    if options.replicas > 1 and is_address(name):
        yield "replicas with an IP address (expected a name that resolves to several addresses)"


def differences(options: Options, earlier: Options) -> Iterator[str]:
    """Yield an error for each option that one app has twice, with different values."""
    for name, here, before in zip(Options._fields, options, earlier, strict=True):
        if here != before:
            yield (
                f"{name} is {_display_value(here)} here and {_display_value(before)} "
                "where this app and port were named before (expected the same)"
            )


def _display_value(option: int | str | None) -> str:
    return "not set" if option is None else display(str(option))


def cut_name(text: str) -> tuple[str, str | None]:
    """Split at the first colon, leaving alone those of an IPv6 address in brackets.

    Returns:
        The name of an app, and what follows its colon; None if there is no colon.
    """
    inside = text.find("]") if text.startswith("[") else 0
    colon = text.find(":", max(inside, 0))
    return (text, None) if colon < 0 else (text[:colon], text[colon + 1 :])
