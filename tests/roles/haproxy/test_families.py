"""Without BIND it listens on every address of both families, in a network of its own here."""

from __future__ import annotations

import pytest
from haproxy.client import ask, written
from haproxy.namespaces import connected, own_network
from haproxy.polling import eventually

pytestmark = pytest.mark.versions


def asked(edge, name, address, path="/"):
    with connected(edge.pid, address, edge.port(name)) as connection:
        return ask(connection, written("one.test", path))


@pytest.mark.parametrize("passthrough", [False, True])
def test_both_families_are_served_unless_told(edge, passthrough):
    tls = ' "tls": "passthrough",' if passthrough else ""
    served = edge.made(
        DOMAINS=f'{{"127.0.0.1": {{{tls} "domains": ["one.test"]}}}}', BIND=None
    ).prefixed(own_network())
    served.launch()
    eventually(lambda: asked(served, "HEALTH", "127.0.0.1", "/healthz").status == 200, 60)

    for address in ("127.0.0.1", "127.0.0.9", "::1"):
        assert asked(served, "HTTP", address).status == 301
        connected(served.pid, address, served.port("HTTPS")).close()
    with pytest.raises(ConnectionRefusedError):
        asked(served, "HEALTH", "::1", "/healthz")


def test_the_client_is_known_in_both_families(edge, web):
    """IPv4 clients are not seen as ::ffff:127.0.0.1."""
    served = edge(DOMAINS=web.serves("one.test"), BIND="127.0.0.1,::1", HTTPS_REDIRECT="off")

    for address in ("127.0.0.1", "::1"):
        answer = served.http("one.test", address=address)
        assert answer.forwarded("X-Forwarded-For") == [address]
