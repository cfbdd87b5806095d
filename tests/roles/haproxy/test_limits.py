"""Limits of time and number, each by its variable."""

from __future__ import annotations

import resource
import socket
import time
from contextlib import ExitStack

import pytest
from haproxy.admin import told
from haproxy.client import ask, written
from haproxy.polling import eventually
from haproxy.ports import free_port
from haproxy.websocket import websocket

pytestmark = pytest.mark.versions


@pytest.fixture(scope="module")
def deaf():
    """The port of an app that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        yield listener.getsockname()[1]


@pytest.fixture(scope="module")
def full():
    """A port where connections wait: the system drops what does not fit into the queue."""
    address = "127.0.0.1", free_port()
    with ExitStack() as stack:
        stack.enter_context(socket.create_server(address, backlog=0))
        for _ in range(3):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(address)
        yield address[1]


@pytest.fixture(scope="module")
def hurried(shared_edge, web, deaf, full):
    """Waits for nobody longer than a moment."""
    return shared_edge(
        DOMAINS=f"{web.serves('one.test')} 127.0.0.1:{deaf}:deaf.test 127.0.0.1:{full}:full.test",
        HTTPS_REDIRECT="off",
        TIMEOUT_CONNECT="100ms",
        TIMEOUT_REQUEST="300ms",
        TIMEOUT_SERVER="300ms",
        TIMEOUT_KEEP_ALIVE="900ms",
        TIMEOUT_TUNNEL="900ms",
        HAPROXY_MAXCONN="50",
        ADMIN_SOCKET="admin.sock",
    )


def test_a_request_that_does_not_come_is_given_up(hurried):
    with hurried.connect("HTTP") as connection:
        assert ask(connection, b"GET / HTTP/1.1\r\nHost: one.test\r\n").status == 408


def test_an_app_that_does_not_answer_is_given_up(hurried):
    assert hurried.http("deaf.test").status == 504


def test_an_idle_connection_is_closed(hurried):
    with hurried.connect("HTTP") as connection:
        assert ask(connection, written("one.test")).status == 200
        assert 0.7 < closed_after(connection) < 5


def test_a_silent_websocket_is_closed(hurried):
    with websocket(hurried.connect("HTTP"), "one.test") as connection:
        assert 0.7 < closed_after(connection) < 5


def closed_after(connection):
    """Seconds until the other side ends the connection."""
    began = time.monotonic()
    assert connection.recv(1) == b""
    return time.monotonic() - began


def test_an_app_that_cannot_be_reached_is_given_up(hurried):
    began = time.monotonic()

    assert hurried.http("full.test").status == 503
    assert time.monotonic() - began < 4


def test_the_number_of_connections_is_what_was_told(hurried):
    assert "\nMaxconn: 50\n" in told(hurried, "show info")


def test_the_number_of_open_files_is_limited_where_nobody_else_does(edge, web):
    """As in many containers: HAProxy would take memory for as many as it may have."""
    served = edge(DOMAINS=web.serves("one.test"), ADMIN_SOCKET="admin.sock")
    _, allowed = resource.getrlimit(resource.RLIMIT_NOFILE)

    assert f"\nUlimit-n: {min(allowed, 50_000)}\n" in told(served, "show info")


def test_a_websocket_does_not_hold_up_a_graceful_stop(edge, web):
    served = edge(
        DOMAINS=web.serves("one.test"), HTTPS_REDIRECT="off", HAPROXY_HARD_STOP_AFTER="500ms"
    )
    with websocket(served.connect("HTTP"), "one.test") as connection:
        served.signal("USR1")
        assert 0.4 < closed_after(connection) < 5
    served.ended()


def test_a_request_that_is_under_way_is_finished_at_a_graceful_stop(edge, web):
    served = edge(DOMAINS=web.serves("one.test"), HTTPS_REDIRECT="off")
    with served.connect("HTTP") as connection:
        request = written("one.test", "/begun", "PUT", body=b"hello")
        connection.sendall(request[:-1])
        eventually(lambda: "PUT /begun" in web.requests)
        served.signal("USR1")
        assert ask(connection, request[-1:]).seen["body"] == "hello"

    assert served.ended() == 0
