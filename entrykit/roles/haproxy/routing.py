"""HAProxy's routes, for `explain --graph`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial

from entrykit.roles.haproxy.backends import Backend
from entrykit.roles.haproxy.settings import HaproxySettings
from entrykit.routing import Destination, Route


def list_destinations(settings: HaproxySettings) -> list[Destination]:
    """Return the backends of DOMAINS, and the one that answers ACME challenges.

    Args:
        settings: their CERTS_DIR is read if it exists; on a laptop it may not.
    """
    name = _make_certificate_lookup(
        settings.certs_dir or os.path.join(settings.config_dir, "certs")
    )
    found = [_make_destination(backend, name) for backend in settings.backends]
    if not settings.acme_thumbprint:
        challenges = Route(("ACME challenges",), "none: over HTTP", by_domain=False)
        found.append(Destination("acme", (), (challenges,), (settings.acme_backend,)))
    return found


def _make_destination(backend: Backend, name: Callable[[str], tuple[str, bool]]) -> Destination:
    notes = tuple(_notes(backend))
    if backend.kind == "tcp":
        own = Route(backend.domains, "of the app")
        return Destination(backend.name, notes, (own,), _servers(backend))
    by_name: dict[tuple[str, bool], list[str]] = {}
    for domain in backend.domains:
        by_name.setdefault(name(domain), []).append(domain)
    found = tuple(Route(tuple(domains), *key) for key, domains in by_name.items())
    return Destination(backend.name, notes, found, _servers(backend))


def _notes(backend: Backend) -> Iterator[str]:
    if backend.kind == "tcp":
        yield "TLS passed through"
    if backend.check is not None:
        yield f"check {backend.check}"


def _servers(backend: Backend) -> tuple[str, ...]:
    if backend.replicas == 1:
        return (backend.address,)
    return (f"{backend.address}, up to {backend.replicas}",)


def _make_certificate_lookup(folder: str) -> Callable[[str], tuple[str, bool]]:
    """Return a function from a domain to its certificate, and whether that is known to exist."""
    from entrykit.tls.certificate_folder import index

    if not os.path.isdir(folder):
        return lambda _domain: ("by name in CERTS_DIR", True)
    try:
        groups = index(folder).groups
    except OSError as error:
        reason = f"CERTS_DIR: {error.strerror}"
        return lambda _domain: (reason, False)
    return partial(_find_in_groups, groups)


def _find_in_groups(groups: dict[str, str], domain: str) -> tuple[str, bool]:
    name = groups.get(domain) or groups.get(f"*.{domain.partition('.')[2]}")
    return (name, True) if name else ("none", False)
