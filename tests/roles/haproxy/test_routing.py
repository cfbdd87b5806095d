"""Which app answers is said by Host alone, and a host that nobody serves reaches no app."""

from __future__ import annotations

import pytest
from haproxy.apps import App
from haproxy.client import ask
from haproxy.websocket import connected_over_http_2, echoed_over_http_2, websocket

pytestmark = pytest.mark.versions


@pytest.fixture(scope="module")
def domains(web, api):
    """Two apps, and a wildcard of one that has an exact name of the other under it."""
    return f"{web.serves('one.test', '*.wild.test')} {api.serves('two.test', 'own.wild.test')}"


@pytest.fixture(scope="module")
def plain(shared_edge, domains):
    """Serves over HTTP."""
    return shared_edge(DOMAINS=domains, HTTPS_REDIRECT="off")


@pytest.fixture(scope="module")
def secure(shared_edge, domains, authority):
    """Serves over HTTPS, everything with one certificate."""
    names = ["one.test", "two.test", "*.wild.test", "nobody.test"]
    return shared_edge(DOMAINS=domains, certificates=[authority.pem(*names)])


KNOWN = [
    ("one.test", "web"),
    ("two.test", "api"),
    ("one.test:80", "web"),
    ("two.test:9999", "api"),
    ("two.test:", "api"),
    ("ONE.Test", "web"),
    ("one.test.", "web"),
    ("Two.Test.:8080", "api"),
    ("any.wild.test", "web"),
    ("ANY.wild.test:81", "web"),
    ("own.wild.test", "api"),
]

UNKNOWN = [
    "nobody.test",
    "sub.one.test",
    "two.labels.wild.test",
    "wild.test",
    ".wild.test",
    "xwild.test",
    "test",
    "127.0.0.1",
    "[::1]",
    "one.test.evil.test",
    "",
    None,
]


@pytest.mark.parametrize(("host", "app"), KNOWN)
def test_the_host_says_which_app_answers(plain, host, app):
    assert plain.http(host, "/a?b=c").app == app


@pytest.mark.parametrize(("host", "app"), KNOWN)
def test_the_host_says_which_app_answers_over_https(secure, host, app):
    assert secure.https(host, sni="one.test").app == app


@pytest.mark.parametrize("host", UNKNOWN)
def test_an_unknown_host_gets_421_and_reaches_no_app(plain, web, api, host):
    before = [*web.requests, *api.requests]

    assert plain.http(host, method="GET").status == 421
    assert plain.http(host, method="POST", body=b"x").status == 421
    assert [*web.requests, *api.requests] == before


@pytest.mark.parametrize("start", ["*", "a/b", "a?b", "a#b", "a b", "u@a", 'a"', "a\\", "%2f", "é"])
def test_a_wildcard_is_for_names_only(plain, secure, web, start):
    """Nor does a redirect lead to what stands before the slash."""
    before = [*web.requests]
    answers = [plain.http(f"{start}.wild.test"), secure.http(f"{start}.wild.test")]

    assert {answer.status for answer in answers} <= {400, 421}
    assert web.requests == before


ODD = [
    "{}:@evil.test",
    "{}:80@evil.test",
    "{}:abc",
    "{}:80:80",
    "{}:-1",
    "{}:+1",
    "{}:99999",
    "{}:000080",
    "{}:80/x",
    "{}:80 x",
    "{}:\u0661",
    "{}..",
    "{}.:x",
]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", ["one.test", "any.wild.test"])
def test_what_follows_the_name_is_a_port_or_nothing(plain, secure, web, name, odd):
    """The app is told what the client wrote, and may take the end of it for a host."""
    before, host = [*web.requests], odd.format(name)
    answers = [plain.http(host), secure.http(host), secure.https(host, sni="one.test")]

    assert {answer.status for answer in answers} <= {400, 421}
    assert web.requests == before


def test_a_label_under_a_wildcard_is_no_longer_than_labels_are(plain, web):
    """RFC 1035, 2.3.4."""
    before = [*web.requests]

    assert plain.http(f"{'a' * 64}.wild.test").status in {400, 421}
    assert web.requests == before
    assert plain.http(f"{'a' * 63}.wild.test").app == "web"


@pytest.mark.parametrize("host", ["one.test:443", "one.test", "any.wild.test:443"])
def test_connect_opens_no_tunnel(plain, secure, web, host):
    """An app that answers 200 would be reached past routing, headers and log."""
    before = [*web.requests]
    request = f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    with (
        plain.connect("HTTP") as http,
        secure.connect("HTTP") as redirected,
        secure.tls("one.test") as tls,
    ):
        answers = [ask(connection, request) for connection in (http, redirected, tls)]

    assert {answer.status for answer in answers} <= {400, 405}
    assert web.requests == before


def test_connect_opens_no_tunnel_within_http_2(secure, authority, web):
    before = [*web.requests]
    with secure.tls("one.test", authority.client(("h2",))) as connection:
        assert connected_over_http_2(connection, "one.test:443") == 405

    assert web.requests == before


@pytest.mark.parametrize("host", UNKNOWN)
def test_an_unknown_host_gets_421_over_https_too(secure, web, api, host):
    before = [*web.requests, *api.requests]

    assert secure.https(host, sni="one.test").status == 421
    assert [*web.requests, *api.requests] == before


def test_an_unknown_host_gets_421_where_http_is_redirected(secure):
    assert secure.http("nobody.test").status == 421


def test_http_1_0_without_a_host_gets_421(plain):
    with plain.connect("HTTP") as connection:
        assert ask(connection, b"GET / HTTP/1.0\r\n\r\n").status == 421


def test_a_host_with_a_comma_is_one_host(plain, web, api):
    """Read as a list, the app behind would be another than the one that was judged."""
    before = [*web.requests, *api.requests]

    assert plain.http("one.test,two.test").status in {400, 421}
    assert plain.http("nobody.test, one.test").status in {400, 421}
    assert [*web.requests, *api.requests] == before


def test_two_hosts_are_refused(plain):
    assert plain.http("one.test", headers=[("Host", "two.test")]).status == 400


@pytest.mark.parametrize(
    ("address", "host", "outcome"),
    [
        ("http://one.test/x", "one.test", "web"),
        ("http://two.test/x", "one.test", 400),
        ("http://two.test/x", "nobody.test", 400),
        ("http://nobody.test/x", "nobody.test", 421),
    ],
)
def test_an_address_in_full_agrees_with_the_host(plain, address, host, outcome):
    """Otherwise the app could take the one for the other (RFC 9112, 3.2.2)."""
    answer = plain.http(host, address)

    assert outcome in (answer.status, answer.app)


def test_one_app_on_two_ports_is_two_backends(edge, web, api):
    """The same address twice: the port tells them apart."""
    domains = f"127.0.0.1:{web.port}:web.test 127.0.0.1:{api.port}:api.test"
    both = edge(DOMAINS=domains, HTTPS_REDIRECT="off")

    assert [both.http(host).app for host in ("web.test", "api.test")] == ["web", "api"]


def test_an_international_name_is_served_by_its_punycode(edge, web):
    served = edge(DOMAINS=web.serves("bücher.test"), HTTPS_REDIRECT="off")

    assert served.http("xn--bcher-kva.test").app == "web"


def test_bodies_and_methods_pass(plain):
    answer = plain.http("one.test", "/path?q=1", method="PUT", body=b"hello")

    assert {name: answer.seen[name] for name in ("method", "path", "body")} == {
        "method": "PUT",
        "path": "/path?q=1",
        "body": "hello",
    }


def test_a_websocket_passes(plain):
    """The connection is switched to another protocol and carries bytes in both directions."""
    with websocket(plain.connect("HTTP"), "one.test") as connection:
        connection.sendall(b"ping\n")
        assert connection.recv(4096) == b"ping\n"


def test_a_websocket_passes_over_https(secure):
    with secure.tls("one.test") as connection, websocket(connection, "one.test"):
        connection.sendall(b"ping\n")
        assert connection.recv(4096) == b"ping\n"


def test_a_websocket_passes_within_http_2(secure, authority):
    """As browsers have it since HAProxy offers it to them."""
    with secure.tls("one.test", authority.client(("h2",))) as connection:
        assert echoed_over_http_2(connection, "one.test", b"ping\n") == b"ping\n"


def test_an_app_may_have_an_address_of_ipv6(edge):
    with App("six", "::1") as app:
        served = edge(DOMAINS=app.serves("six.test"), HTTPS_REDIRECT="off")

        assert served.http("six.test").app == "six"
