"""Apps that speak TLS themselves, on the same port as those that HAProxy terminates."""

from __future__ import annotations

import json
import select
import ssl

import pytest
from haproxy.apps import App
from haproxy.client import ask, written
from haproxy.polling import eventually
from haproxy.ports import free_port

pytestmark = pytest.mark.versions

ITSELF = "vault-itself.test"  # only in the app's own certificate


@pytest.fixture(scope="module")
def vault(authority):
    """Terminates its own TLS and speaks a protocol there that HAProxy does not know."""
    names = ["vault.test", "*.in.test", "own.out.test", ITSELF]
    tls = authority.server(*names, protocols=("vault/1", "http/1.1"))
    with App("vault", tls=tls) as app:
        yield app


@pytest.fixture(scope="module")
def domains(web, vault):
    """Each of the two has a wildcard, and an exact name under the other's."""
    apps = [
        web.described("one.test", "*.out.test", "own.in.test"),
        vault.described("vault.test", "*.in.test", "own.out.test", tls="passthrough"),
    ]
    return json.dumps(dict(apps))


@pytest.fixture(scope="module")
def pems(authority):
    return [authority.pem("one.test", "*.out.test", "own.in.test", "own.out.test", "nobody.test")]


@pytest.fixture(scope="module")
def both(shared_edge, domains, pems):
    return shared_edge(DOMAINS=domains, certificates=pems)


@pytest.mark.parametrize("name", ["vault.test", "VAULT.test", "any.in.test", "own.out.test"])
def test_the_apps_own_certificate_is_seen(both, name):
    answer = both.https(name)

    assert answer.app == "vault"
    assert ITSELF in answer.certificate


@pytest.mark.parametrize("name", ["one.test", "any.out.test", "own.in.test"])
def test_others_are_terminated_beside_it(both, name):
    """An exact name wins over a wildcard of the other kind."""
    answer = both.https(name)

    assert answer.app == "web"
    assert ITSELF not in answer.certificate


def test_nothing_is_terminated_in_between(both, authority):
    """The client agrees with the app on a protocol that HAProxy has never heard of."""
    with both.tls("vault.test", authority.client(("vault/1",))) as connection:
        assert connection.selected_alpn_protocol() == "vault/1"


def test_what_is_terminated_speaks_http_2(both):
    with both.h2("one.test") as get:
        assert get("any.out.test").json()["app"] == "web"


def test_what_is_terminated_still_knows_the_client(both):
    answer = both.https("one.test", source="127.0.0.77")

    assert answer.forwarded("X-Forwarded-For") == ["127.0.0.77"]


@pytest.mark.parametrize("sni", [None, "nobody.else.test", "a.b.in.test", "in.test"])
def test_a_name_that_nobody_has_is_refused(both, sni):
    with pytest.raises(ssl.SSLError, match=r"UNRECOGNIZED_NAME"), both.tls(sni):
        pass


@pytest.mark.parametrize("host", ["vault.test", "any.in.test", "own.out.test", "nobody.test"])
def test_a_passed_through_host_on_a_terminated_connection_gets_421(both, vault, host):
    """Its TLS ends at the app; to forward the request in the clear would be wrong."""
    before = [*vault.requests]

    assert both.https(host, sni="one.test").status == 421
    assert vault.requests == before


@pytest.mark.parametrize("place", [1, 5, 60, 200])
@pytest.mark.parametrize(("name", "app"), [("vault.test", "vault"), ("one.test", "web")])
def test_a_hello_may_come_in_two_parts(both, authority, name, app, place):
    """As large ones do: a post-quantum key alone fills most of a packet."""
    with both.connect("HTTPS") as plain:
        connection = Piecewise(plain, authority.client(), name)
        hello = connection.hello()
        plain.sendall(hello[:place])
        assert select.select([plain], [], [], 0.1)[0] == []
        plain.sendall(hello[place:])
        assert app in connection.asked(written(name, "/"))


class Piecewise:
    """A TLS client over a socket, whose bytes the test sends itself."""

    def __init__(self, plain, context, name):
        self._plain = plain
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)

    def hello(self):
        """The bytes of the ClientHello."""
        with pytest.raises(ssl.SSLWantReadError):
            self._tls.do_handshake()
        return self._outgoing.read()

    def asked(self, request):
        """Finish the handshake, send a request and return the first bytes of the answer's body."""
        self._until(self._tls.do_handshake)
        self._tls.write(request)
        text = ""
        while "\r\n\r\n{" not in text:
            text += self._until(lambda: self._tls.read(4096)).decode()
        return text

    def _until(self, step):
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                self._plain.sendall(self._outgoing.read())
                self._incoming.write(self._plain.recv(16384))


def test_what_is_no_tls_is_closed(both):
    with both.connect("HTTPS") as plain, pytest.raises(OSError, match=r"without response|reset"):
        ask(plain, written("one.test", "/"))


def test_a_hello_that_does_not_come_is_not_taken_for_another(both, authority):
    """Half a hello says nothing of where it leads: after a while nobody gets it."""
    with both.connect("HTTPS") as plain:
        plain.sendall(Piecewise(plain, authority.client(), "vault.test").hello()[:60])
        assert plain.recv(100) == b""


def test_http_leads_to_https_for_passed_through_names_too(both):
    assert both.http("vault.test", "/a?b").location == "https://vault.test/a?b"
    assert both.http("any.in.test").location == "https://any.in.test/"
    assert both.http("nobody.test").status == 421


def test_http_is_never_served_for_passed_through_names(edge, domains, web):
    """HTTPS_REDIRECT=off cannot mean them: nobody but the app can answer."""
    both = edge(DOMAINS=domains, HTTPS_REDIRECT="off")

    assert both.http("one.test").app == web.name
    assert both.http("vault.test").location == "https://vault.test/"
    assert both.http("own.out.test").location == "https://own.out.test/"


def test_it_starts_without_any_certificate(edge, domains):
    both = edge(DOMAINS=domains)

    assert both.https("vault.test").app == "vault"
    with pytest.raises(ssl.SSLError), both.tls("one.test"):
        pass


def test_an_app_that_is_down_takes_no_other_along(edge, web, pems):
    gone = {"domains": "gone.test", "tls": "passthrough", "port": free_port()}
    apps = {"127.0.0.1": gone} | dict([web.described("one.test")])
    both = edge(DOMAINS=json.dumps(apps), certificates=pems)

    with pytest.raises(OSError, match=r"EOF|reset"), both.tls("gone.test"):
        pass
    assert both.https("one.test").app == "web"


@pytest.mark.parametrize(
    ("domains", "asked"),
    [(["*.ill.test", "ill.test", "other.test"], "ill.test"), (["*.ill.test"], "health.ill.test")],
)
def test_a_check_speaks_tls_and_asks_for_a_name_of_the_apps_own(edge, authority, domains, asked):
    """In the handshake as in the request: an app may refuse what it has no certificate for."""
    names, tls = set(), authority.server(asked)
    tls.sni_callback = lambda _socket, name, _context: names.add(name)
    with App("ill", tls=tls) as app:
        told = app.described(*domains, check="/health?deep=1", tls="passthrough")
        served = edge(DOMAINS=json.dumps(dict([told])))
        assert served.https(asked).app == "ill"

        app.health = 503
        eventually(lambda: is_closed(served, asked), 20)
        assert (names, set(app.checks)) == ({asked}, {("GET", "/health?deep=1", asked)})

        app.health = 204
        eventually(lambda: served.https(asked).app == "ill", 6)


def is_closed(edge, name):
    """Whether a connection leads to no app."""
    try:
        edge.https(name)
    except OSError:
        return True
    return False


def test_everything_may_be_passed_through(edge, vault):
    only = edge(DOMAINS=json.dumps(dict([vault.described("vault.test", tls="passthrough")])))

    assert only.https("vault.test").app == "vault"


def test_two_edges_on_one_machine_keep_their_connections_apart(edge, domains, pems, both):
    """What is terminated goes through an abstract socket, whose name is the whole machine's."""
    other = edge(DOMAINS=domains, certificates=pems)

    assert other.https("one.test").app == "web"
    assert both.https("one.test").app == "web"
