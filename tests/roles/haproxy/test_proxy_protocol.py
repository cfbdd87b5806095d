"""ACCEPT_PROXY: the client's address in front of its bytes, version 1 and 2."""

from __future__ import annotations

import json
import socket
import struct

import pytest
from haproxy.apps import App
from haproxy.client import ask, written

pytestmark = pytest.mark.versions

CLIENT = "192.0.2.7"


def version_2(family, address, size):
    """The binary header (proxy-protocol.txt, 2.2): TCP from `address` to port 443."""
    here = socket.inet_pton(family, address)
    kind = 0x11 if family == socket.AF_INET else 0x21
    body = here + here + struct.pack("!HH", 5555, 443)
    assert len(body) == size
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", 0x21, kind, size) + body


HEADERS = {
    "v1": (b"PROXY TCP4 192.0.2.7 192.0.2.1 5555 443\r\n", CLIENT),
    "v1 of IPv6": (b"PROXY TCP6 2001:db8::7 2001:db8::1 5555 443\r\n", "2001:db8::7"),
    "v2": (version_2(socket.AF_INET, CLIENT, 12), CLIENT),
    "v2 of IPv6": (version_2(socket.AF_INET6, "2001:db8::7", 36), "2001:db8::7"),
}
V1 = HEADERS["v1"][0]


@pytest.fixture(scope="module")
def pems(authority):
    return [authority.pem("one.test")]


@pytest.fixture(scope="module")
def vault(authority):
    with App("vault", tls=authority.server("vault.test")) as app:
        yield app


@pytest.fixture(scope="module")
def plain(web):
    """DOMAINS with termination only."""
    return web.serves("one.test")


@pytest.fixture(scope="module")
def mixed(web, vault):
    """DOMAINS with an app that is passed through as well."""
    apps = [web.described("one.test"), vault.described("vault.test", tls="passthrough")]
    return json.dumps(dict(apps))


@pytest.fixture(scope="module", params=["plain", "mixed"])
def from_all(request, shared_edge, pems):
    """Wants the header from everybody."""
    domains = request.getfixturevalue(request.param)
    return shared_edge(DOMAINS=domains, HTTPS_REDIRECT="off", ACCEPT_PROXY="on", certificates=pems)


@pytest.fixture(scope="module", params=["plain", "mixed"])
def from_some(request, shared_edge, pems):
    """Wants the header from 127.0.0.1 only."""
    domains = request.getfixturevalue(request.param)
    return shared_edge(
        DOMAINS=domains,
        HTTPS_REDIRECT="off",
        ACCEPT_PROXY="on",
        TRUSTED_PROXIES="127.0.0.1",
        certificates=pems,
    )


def told(edge, **how):
    """The answers over HTTP and over HTTPS."""
    return [edge.http("one.test", **how), edge.https("one.test", **how)]


@pytest.mark.parametrize(("preface", "client"), HEADERS.values(), ids=HEADERS)
def test_the_header_says_who_the_client_is(from_all, preface, client):
    answers = [
        from_all.http("one.test", preface=preface),
        from_all.https("one.test", preface=preface),
    ]

    assert [answer.forwarded("X-Forwarded-For") for answer in answers] == [[client], [client]]


@pytest.mark.parametrize(("preface", "client"), HEADERS.values(), ids=HEADERS)
def test_the_header_of_a_trusted_proxy_says_who_the_client_is(from_some, preface, client):
    for answer in told(from_some, preface=preface):
        assert answer.forwarded("X-Forwarded-For") == [client]


def test_without_the_header_a_connection_is_refused(from_all):
    with pytest.raises(OSError, match=r"without response|reset"):
        from_all.http("one.test")
    with pytest.raises(OSError, match=r"EOF|reset"):
        from_all.https("one.test")


def test_without_the_header_a_trusted_proxy_is_refused(from_some):
    with pytest.raises(OSError, match=r"without response|reset"):
        from_some.http("one.test")
    with pytest.raises(OSError, match=r"EOF|reset"):
        from_some.https("one.test")


def test_others_send_none(from_some):
    for answer in told(from_some, source="127.0.0.2"):
        assert answer.forwarded("X-Forwarded-For") == ["127.0.0.2"]


def test_the_header_of_somebody_else_is_not_believed(from_some, web):
    before = [*web.requests]
    with from_some.connect("HTTP", source="127.0.0.2", preface=V1) as connection:
        assert ask(connection, written("one.test")).status == 400
    with pytest.raises(OSError, match=r"EOF|reset|WRONG|RECORD"):
        from_some.https("one.test", source="127.0.0.2", preface=V1)
    assert web.requests == before


def test_the_client_behind_a_trusted_proxy_is_not_trusted_itself(from_some):
    """The address that counts is the one in the header."""
    answer = from_some.http("one.test", preface=V1, headers=[("X-Forwarded-For", "203.0.113.66")])

    assert answer.forwarded("X-Forwarded-For") == [CLIENT]


def test_an_app_with_its_own_tls_gets_the_bytes_after_the_header(shared_edge, mixed):
    everybody = shared_edge(DOMAINS=mixed, ACCEPT_PROXY="on")
    some = shared_edge(DOMAINS=mixed, ACCEPT_PROXY="on", TRUSTED_PROXIES="127.0.0.1")

    assert everybody.https("vault.test", preface=V1).app == "vault"
    assert some.https("vault.test", preface=V1).app == "vault"
    assert some.https("vault.test", source="127.0.0.2").app == "vault"


def test_the_health_endpoint_wants_no_header(from_all):
    with from_all.connect("HEALTH") as connection:
        assert ask(connection, written("localhost", "/healthz")).status == 200
