"""Limits of time and number over HTTPS: the same, whether or not another app is passed through."""

from __future__ import annotations

import json
import select
import socket
import time
from contextlib import ExitStack
from threading import Thread

import pytest
from haproxy.admin import told
from haproxy.apps import App
from haproxy.client import ask, written
from haproxy.polling import eventually
from haproxy.ports import free_port
from haproxy.websocket import websocket

pytestmark = pytest.mark.versions

HURRIED = {
    "TIMEOUT_CLIENT": "900ms",
    "TIMEOUT_SERVER": "3s",
    "TIMEOUT_REQUEST": "900ms",
    "TIMEOUT_KEEP_ALIVE": "900ms",
    "TIMEOUT_TUNNEL": "1h",
    "ADMIN_SOCKET": "admin.sock",
    "HAPROXY_HARD_STOP_AFTER": "50s",
}


@pytest.fixture(scope="module")
def vault(authority):
    with App("vault", tls=authority.server("vault.test")) as app:
        yield app


@pytest.fixture(scope="module")
def endless():
    """The port of an app that never stops answering."""
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        Thread(target=answer_all, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]


def answer_all(listener):
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        Thread(target=answer, args=(connection,), daemon=True).start()


def answer(connection):
    with connection:
        try:
            if connection.recv(4096).startswith(b"GET /slow "):
                select.select([connection], [], [], 1)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")
            while True:
                connection.sendall(b"x" * 65536)
        except OSError:
            return


@pytest.fixture(params=[False, True], ids=["alone", "passthrough"])
def domains(request, web, vault, endless):
    """Apps that are terminated, and one that is passed through or none."""
    apps = [web.described("one.test"), (f"127.0.0.1:{endless}", ["endless.test"])]
    if request.param:
        apps.append(vault.described("vault.test", tls="passthrough"))
    return json.dumps(dict(apps))


@pytest.fixture
def limited(edge, authority, domains):
    """Make an edge with these variables."""

    def made(**variables):
        pem = authority.pem("one.test", "endless.test")
        return edge(DOMAINS=domains, certificates=[pem], **HURRIED | variables)

    return made


def open_ones(edge):
    """The connections that are open now."""
    info = dict(line.split(": ", 1) for line in told(edge, "show info").splitlines() if line)
    return int(info["CurrConns"])


def test_clients_that_say_no_more_are_let_go(limited):
    """Though they never close: not before a request, within one, or after one."""
    served = limited()
    with ExitStack() as clients:
        for said in (
            b"",
            b"GET",
            b"POST / HTTP/1.1\r\nHost: one.test\r\nContent-Length: 9\r\n\r\n",
        ):
            clients.enter_context(served.tls("one.test")).sendall(said)
        assert ask(clients.enter_context(served.tls("one.test")), written("one.test")).app == "web"
        assert open_ones(served) >= 4

        eventually(lambda: open_ones(served) == 0, 20)


def test_a_client_that_takes_nothing_is_let_go(limited):
    served = limited()
    with served.tls("endless.test") as client:
        client.sendall(written("endless.test"))
        assert client.recv(10)

        eventually(lambda: open_ones(served) == 0, 20)


def test_clients_that_say_nothing_do_not_hold_up_a_graceful_stop(limited):
    served = limited(TIMEOUT_CLIENT="1h", TIMEOUT_KEEP_ALIVE="1h")
    with served.tls("one.test") as client:
        assert ask(client, written("one.test")).app == "web"
        began = time.monotonic()
        served.signal("USR1")

        assert served.ended() == 0
        assert time.monotonic() - began < 20


def test_a_silent_websocket_is_closed_no_sooner_and_no_later(limited):
    served = limited(TIMEOUT_TUNNEL="2s")
    with served.tls("one.test") as connection, websocket(connection, "one.test"):
        assert 1.8 < closed_after(connection) < 8


def closed_after(connection):
    """Seconds until the other side ends the connection."""
    began = time.monotonic()
    assert connection.recv(1) == b""
    return time.monotonic() - began


def test_an_app_may_think_for_longer_than_a_tunnel_may_be_silent(limited):
    served = limited(TIMEOUT_TUNNEL="200ms")
    with served.tls("endless.test") as client:
        client.sendall(written("endless.test", "/slow"))

        assert client.recv(15) == b"HTTP/1.1 200 OK"


def test_as_many_clients_at_once_as_there_may_be_connections_do_not_block_each_other(limited):
    served = limited(HAPROXY_MAXCONN="40", **dict.fromkeys(TIMES, "1h"))
    with ExitStack() as stack:
        clients = [stack.enter_context(served.connect("HTTPS")) for _ in range(40)]
        statuses = []
        threads = [Thread(target=lambda c=c: statuses.append(asked(served, c))) for c in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert statuses == [200] * 40


TIMES = ("TIMEOUT_CLIENT", "TIMEOUT_REQUEST", "TIMEOUT_KEEP_ALIVE", "TIMEOUT_TUNNEL")


def asked(edge, plain):
    """Ask over a connection, and close it."""
    context = edge.authority.client()
    with context.wrap_socket(plain, server_hostname="one.test") as connection:
        return ask(connection, written("one.test")).status


def test_what_is_passed_through_may_be_silent_as_long_as_a_tunnel(edge, vault):
    apps = json.dumps(dict([vault.described("vault.test", tls="passthrough")]))
    served = edge(DOMAINS=apps, **HURRIED | {"TIMEOUT_TUNNEL": "2s"})
    with served.tls("vault.test") as connection:
        assert ask(connection, written("vault.test")).app == "vault"
        assert 1.8 < closed_after(connection) < 8
