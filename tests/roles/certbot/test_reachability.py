"""Whether HAProxy answers for a name, asked before the CA is."""

from __future__ import annotations

import socket
import struct
import time
from contextlib import ExitStack, suppress
from threading import Event, Thread, active_count

import pytest
from haproxy.edge import Edges
from haproxy.polling import eventually
from haproxy.ports import free_port
from programs import answer

from entrykit.roles.certbot.ordering.challenge_server import _MAX_CONNECTIONS
from entrykit.roles.certbot.ordering.listener import CHALLENGE_PATH, Listener
from entrykit.roles.certbot.ordering.reachability import find_unreachable

THUMBPRINT = "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ"


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def listener(port):
    listener = Listener(port)
    listener.open()
    yield listener
    listener.close()


@pytest.fixture
def saying():
    """Start a server that says one thing to whoever comes, and return its URL."""
    with ExitStack() as stack:

        def start(said):
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            Thread(target=_say, args=(server, said), daemon=True).start()
            return f"http://127.0.0.1:{server.getsockname()[1]}"

        yield start


def _say(server, said):
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.recv(4096)
            connection.sendall(said)


# through HAProxy


@pytest.fixture
def edges(tmp_path, search_path, evidence):
    with Edges(tmp_path, None, search_path, evidence) as edges:
        yield edges


def test_through_haproxy_every_name_that_reaches_the_port_is_fine(edges, port, listener):
    edge = edges(DOMAINS="127.0.0.1:1:a.test,b.test", ACME_BACKEND=f"127.0.0.1:{port}")
    url = f"http://127.0.0.1:{edge.port('HTTP')}"

    assert find_unreachable(["a.test", "b.test"], url, listener, None) == {}
    listener.close()
    assert "503" in find_unreachable(["a.test"], url, listener, None)["a.test"].problem


def test_in_stateless_mode_haproxy_has_to_know_the_account(edges):
    edge = edges(DOMAINS="127.0.0.1:1:a.test", ACME_THUMBPRINT=THUMBPRINT)
    url = f"http://127.0.0.1:{edge.port('HTTP')}"

    assert find_unreachable(["a.test"], url, None, THUMBPRINT) == {}
    assert (
        "another token or account"
        in find_unreachable(["a.test"], url, None, "other")["a.test"].problem
    )


# what is seen otherwise


def test_nobody_there_is_not_asked_for_each_name(port):
    names = [f"{number}.test" for number in range(1000)]

    seen = find_unreachable(names, f"http://127.0.0.1:{port}", Listener(port), None)

    assert list(seen) == names
    assert "Connection refused" in seen["999.test"].problem


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "answers 404"),
        (b"HTTP/1.1 301 Moved\r\nLocation: https://a.test/\r\n\r\n", "answers 301"),
        (b"HTTP/1.1 200 OK\r\n\r\nwelcome", "another page"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not HTTP"),
        (b"", "not HTTP"),
    ],
)
def test_what_was_seen_in_its_place_is_told(saying, said, expected):
    url = saying(said)

    assert expected in find_unreachable(["a.test"], url, None, THUMBPRINT)["a.test"].problem


@pytest.mark.parametrize("beginning", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX", b""])
def test_an_answer_without_an_end_is_none(beginning):
    """It would keep all other names from theirs: a stream of events that some app answers with."""
    gone = Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip():
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.sendall(beginning)
                for _ in range(60):
                    connection.sendall(b":")
                    gone.wait(0.2)

        Thread(target=drip, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        seen = find_unreachable(["a.test"], url, None, THUMBPRINT)["a.test"]
        gone.set()

    assert seen.problem == f"no answer from {url} within 5 s"


@pytest.mark.usefixtures("listener")
def test_a_request_without_an_end_is_cut_off(port):
    """Whoever sends it would keep the port from certbot, and the keeper from its signals."""
    cut = Event()

    def drip(client):
        try:
            for _ in range(100):
                client.sendall(b"x")
                cut.wait(0.1)
        except OSError:
            cut.set()

    with socket.create_connection(("127.0.0.1", port)) as client:
        dripping = Thread(target=drip, args=(client,))
        dripping.start()
        dripping.join()

    assert cut.is_set()


def test_the_name_is_what_is_asked_for(port):
    """The Host that HAProxy chooses by, and the path that CAs ask for."""
    asked = []
    with socket.create_server(("127.0.0.1", port)) as server:

        def hear():
            connection, _ = server.accept()
            with connection:
                asked.append(connection.recv(4096).decode())

        thread = Thread(target=hear)
        thread.start()
        find_unreachable(["xn--bcher-kva.test"], f"http://127.0.0.1:{port}", None, THUMBPRINT)
        thread.join()

    assert asked[0].startswith(f"GET {CHALLENGE_PATH}")
    assert "\r\nHost: xn--bcher-kva.test\r\n" in asked[0]


# the listener


def test_the_port_is_free_after_each_close(port):
    listener = Listener(port)
    for _ in range(20):
        listener.open()
        listener.open()
        assert answer(port, f"{CHALLENGE_PATH}unknown") == 404
        listener.close()
        listener.close()
        with socket.create_server(("127.0.0.1", port)):
            pass


def test_a_port_of_somebody_else_is_an_error(port):
    with socket.create_server(("127.0.0.1", port)), pytest.raises(OSError, match="in use"):
        Listener(port).open()


def test_a_silent_client_does_not_stop_it(port, listener):
    with socket.create_connection(("127.0.0.1", port)):
        eventually(
            lambda: find_unreachable(["a.test"], f"http://127.0.0.1:{port}", listener, None) == {}
        )


def test_idle_connections_do_not_delay_an_answer(port, listener):
    """Twelve of them one after the other would take twelve seconds."""
    with ExitStack() as stack:
        for _ in range(12):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        start = time.monotonic()

        assert find_unreachable(["a.test"], f"http://127.0.0.1:{port}", listener, None) == {}
        assert time.monotonic() - start < 1


def test_the_oldest_connections_make_room_for_new_ones(port, listener):
    """However many are opened, there are no more threads than the largest number."""
    with ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            for _ in range(_MAX_CONNECTIONS + 20)
        ]
        clients[0].settimeout(0.5)

        assert clients[0].recv(1) == b""
        assert find_unreachable(["a.test"], f"http://127.0.0.1:{port}", listener, None) == {}
        eventually(lambda: active_count() <= _MAX_CONNECTIONS + 10)


@pytest.mark.usefixtures("listener")
def test_a_connection_is_ended_in_time_whether_or_not_it_sends_something(port):
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(2)

        assert client.recv(1) == b""


def test_the_port_is_free_at_once_with_a_connection_open(port):
    listener = Listener(port)
    listener.open()
    with socket.create_connection(("127.0.0.1", port)) as client:
        eventually(lambda: answer(port, "/") == 404)
        start = time.monotonic()
        listener.close()

        with socket.create_server(("127.0.0.1", port)):
            assert time.monotonic() - start < 0.5
        assert client.recv(1) == b""


def exchange(port, request):
    """Send something, and return all that comes back."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(5)
        client.sendall(request)
        return b"".join(iter(lambda: client.recv(4096), b"")).decode()


NOT_FOUND = (
    "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n"
    "Connection: close\r\n\r\n"
)


@pytest.mark.usefixtures("listener")
@pytest.mark.parametrize(
    "request_line",
    [
        "GET / HTTP/1.1",
        "POST / HTTP/1.1",
        "GET / HTTP/9",
        "GET",
        "GET  /",
        "SSH-2.0-OpenSSH_9.2",
        "GET /" + "x" * 8182,  # as long as a request may be
    ],
)
def test_everything_else_is_not_found(port, request_line, capfd):
    """Neither what this is, nor what was wrong, is said."""
    assert exchange(port, f"{request_line}\r\n\r\n".encode()) == NOT_FOUND
    assert capfd.readouterr() == ("", "")


def test_a_token_is_answered_as_text(port, listener):
    text = listener.expect("token")
    request = f"GET {CHALLENGE_PATH}token HTTP/1.1\r\nHost: a.test\r\n\r\n"

    assert exchange(port, request.encode()) == (
        f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(text)}\r\n"
        f"Connection: close\r\n\r\n{text}"
    )


@pytest.mark.usefixtures("listener")
def test_a_client_that_goes_away_is_nothing_to_report(port, capfd):
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(b"GET / HTTP/1.1\r\n")

    assert answer(port, "/") == 404
    assert capfd.readouterr() == ("", "")


def test_a_token_is_answered_only_while_it_is_asked_for(port, listener):
    expected = listener.expect("token")

    assert expected.startswith("token.")
    assert answer(port, f"{CHALLENGE_PATH}token") == 200
    listener.forget()
    assert answer(port, f"{CHALLENGE_PATH}token") == 404
