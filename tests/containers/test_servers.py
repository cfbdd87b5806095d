"""The images that serve: as any user, on any root, exactly as the daemon itself would."""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from statistics import median
from threading import Thread
from urllib.parse import urlsplit

import pytest
from containers.engine import Container, podman
from containers.rows import BIG, SERVERS, each, every_way, written
from haproxy.polling import eventually
from haproxy.ports import free_port
from programs import children, opened, status

pytestmark = pytest.mark.containers


def comm(pid):
    return status(pid)["Name"]


def family(pid):
    """A process and all below it."""
    return [pid] + [each for child in children(pid) for each in family(child)]


@pytest.mark.parametrize(("row", "user", "writable"), every_way(SERVERS))
def test_any_user_on_any_root(serving, row, user, writable):
    """It serves; PID 1 is the daemon, with none but its own below it; it reloads; it drains.

    At STOPSIGNAL nobody new is served, and an old request is, to its last byte.
    """
    with serving(row, user, writable=writable) as (container, port):
        assert row.answer(port).endswith(row.serves.body)
        pid = container.pid
        assert {comm(each) for each in family(pid)} == {row.daemon}
        assert not [what for what in opened(pid) if "/opt/entrykit" in what]
        container.comes(container.is_healthy)

        if row.serves.reload:
            before = set(children(pid))
            container.kill(row.serves.reload)
            container.comes(lambda: children(pid) and not before & set(children(pid)))

        assert container.pid == pid
        assert row.answer(port).endswith(row.serves.body)
        # The engine takes the network away with PID 1, and what was not fetched yet goes with it,
        # so another request keeps both until then.
        with in_flight(row, port), in_flight(row, port) as connection:
            stop = Thread(target=podman, args=("stop", "--time", "40", container.id))
            stop.start()
            eventually(lambda: refused(row, port))
            assert container.pid == pid
            assert finished(row, connection)
        stop.join(60)
        assert container.ended() == 0


def in_flight(row, port):
    """Begin a request that the daemon is busy with until the rest is sent, or read."""
    slow = row.serves.slow
    connection = socket.create_connection(("127.0.0.1", port), 5)
    connection.settimeout(30)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    if slow.method == "GET":
        connection.sendall(written(slow.path))
        connection.recv(1024, socket.MSG_PEEK)
    else:
        asked = written(slow_path(slow, port), "Content-Length: 4")
        connection.sendall(asked.replace(b"GET", slow.method.encode()) + b"ab")
    return connection


def slow_path(slow, port):
    """What is asked with a body that comes in parts: where a request before it leads, if any."""
    if slow.begin is None:
        return slow.path
    begun = HTTPConnection("127.0.0.1", port, timeout=5)
    begun.request("POST", slow.begin)
    place = urlsplit(begun.getresponse().headers["location"])
    begun.close()
    return f"{place.path}?{place.query}{slow.path}"


def finished(row, connection):
    """Send the rest, or read it; returns whether the whole answer came."""
    slow = row.serves.slow
    if slow.method != "GET":
        connection.sendall(b"cd")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BIG)
    data = b"".join(iter(lambda: connection.recv(1 << 20), b""))
    head, _, body = data.partition(b"\r\n\r\n")
    return (int(head.split()[1]), len(body)) == (slow.status, slow.length)


def refused(row, port):
    try:
        row.answer(port)
    except OSError:
        return True
    except AssertionError:  # closed without an answer
        return True
    return False


def stop_times(container, port):
    """How long it takes to stop, idle, three times."""
    times = []
    for again in (False, True, True):
        if again:
            podman("start", container.id)
            eventually(lambda: answers(port))
        began = time.monotonic()
        podman("stop", container.id)
        times.append(time.monotonic() - began)
    return times


@pytest.mark.parametrize("row", each(SERVERS))
def test_a_stop_takes_as_long_as_the_bases(serving, row, tmp_path, evidence):
    """Idle, `podman stop` is as quick as for the base alone with the same files."""
    files = tmp_path / "files"
    with serving(row) as (container, port):
        podman("cp", f"{container.id}:{row.container.scratch}", files)
        ours = stop_times(container, port)
    with base(row, files, evidence) as (container, port):
        bases = stop_times(container, port)

    assert median(ours) < 3 * median(bases)


@contextmanager
def base(row, files, evidence):
    """The base image, its own entrypoint, with the files that ours has made."""
    port = free_port()
    container = Container(
        row.bare,
        *row.serves.base_command,
        options=[*row.container.options, "--user", "root"],
        ports={row.serves.port: port},
        volumes={row.container.scratch: files},
        evidence=evidence,
    )
    with container:
        container.comes(lambda: answers(port))
        yield container, port


def answers(port):
    """Whether anything comes back, whatever it is."""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.settimeout(5)
        connection.sendall(written("/"))
        return connection.recv(1)


@pytest.mark.parametrize("row", SERVERS, ids=lambda row: row.id)
def test_health_is_asked_where_it_is(row, site, evidence):
    """On a port that a variable of the container has chosen."""
    container = Container(
        row.image,
        options=row.container.options,
        environ=row.serves.environ | row.serves.elsewhere,
        volumes={"/www:ro": site},
        evidence=evidence,
    )
    with container:
        container.comes(container.is_healthy)
