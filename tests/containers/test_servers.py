"""The images that serve: as any user, on any root, exactly as the daemon itself would."""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager
from statistics import median
from threading import Thread

import pytest
from containers.engine import Container, podman
from containers.rows import BIG, HAPROXY, NGINX, SERVERS, each, every_way, written
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
    """It serves; PID 1 is the daemon, with none but its own below it; it reloads; it stops."""
    with serving(row, user, writable=writable) as (container, port):
        assert row.answer(port).endswith(row.body)
        pid = container.pid
        assert {comm(each) for each in family(pid)} == {row.daemon}
        assert not [what for what in opened(pid) if "/opt/entrykit" in what]
        container.comes(container.is_healthy)

        if row.reload:
            before = set(children(pid))
            container.kill(row.reload)
            container.comes(lambda: children(pid) and not before & set(children(pid)))

        assert container.pid == pid
        assert row.answer(port).endswith(row.body)
        podman("stop", container.id)
        assert container.ended() == 0


def in_flight(row, port):
    """Begin a request that the daemon is busy with until the rest is sent, or read."""
    connection = socket.create_connection(("127.0.0.1", port), 5)
    connection.settimeout(30)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    if row.name == "haproxy":
        connection.sendall(written("/slow", "Content-Length: 4").replace(b"GET", b"POST") + b"ab")
    else:
        connection.sendall(written("/slow"))
        connection.recv(1024)
    return connection


def finished(row, connection):
    """Send the rest, or read it; returns whether the whole answer came."""
    if row.name == "haproxy":
        connection.sendall(b"cd")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BIG)
    data = b"".join(iter(lambda: connection.recv(1 << 20), b""))
    return data.endswith(b"served") or len(data) > BIG - 4096


@pytest.mark.parametrize("row", each((HAPROXY, NGINX)))
def test_a_stop_lets_requests_end(serving, row):
    """STOPSIGNAL drains: nobody new, and the old request to its last byte."""
    with serving(row) as (container, port), in_flight(row, port) as connection:
        stop = Thread(target=podman, args=("stop", "--time", "40", container.id))
        stop.start()
        eventually(lambda: refused(row, port))
        assert container.pid

        assert finished(row, connection)
        stop.join(60)
        assert container.ended() == 0


def refused(row, port):
    try:
        row.answer(port)
    except OSError:
        return True
    except AssertionError:  # closed without an answer
        return True
    return False


def stop_time(container):
    began = time.monotonic()
    podman("stop", container.id)
    return time.monotonic() - began


@pytest.mark.parametrize("row", each(SERVERS))
def test_a_stop_takes_as_long_as_the_bases(serving, row, tmp_path, evidence):
    """Idle, `podman stop` is as quick as for the base alone with the same files."""
    ours, bases = [], []
    for attempt in range(3):
        with serving(row) as (container, _):
            podman("cp", f"{container.id}:{row.scratch}", tmp_path / str(attempt))
            ours.append(stop_time(container))
        with base(row, tmp_path / str(attempt), evidence) as container:
            bases.append(stop_time(container))

    assert median(ours) < 3 * median(bases)


@contextmanager
def base(row, files, evidence):
    """The base image, its own entrypoint, with the files that ours has made."""
    command = ["nginx", "-c", f"{row.scratch}/nginx.conf", "-g", "daemon off;"]
    port = free_port()
    container = Container(
        row.bare,
        *(command if row.daemon == "nginx" else []),
        options=[*row.options, "--user", "root"],
        ports={row.port: port},
        volumes={row.scratch: files},
        evidence=evidence,
    )
    with container:
        container.comes(lambda: answers(port))
        yield container


def answers(port):
    """Whether anything comes back, whatever it is."""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.settimeout(5)
        connection.sendall(written("/"))
        return connection.recv(1)


@pytest.mark.parametrize("row", each(SERVERS))
def test_bad_variables_start_nothing(row, evidence):
    """Exit code 78, each variable in the log, and no daemon that was half configured."""
    with Container(row.image, options=row.options, environ=row.bad, evidence=evidence) as container:
        assert container.ended() == 78
        assert all(name in container.log for name in row.bad)
        assert podman("diff", container.id).stdout.count(row.scratch) == 0


@pytest.mark.parametrize("row", each(SERVERS))
def test_another_command_is_just_run(row):
    """`run IMAGE sh -c id` says who the image's user is, and configures nothing."""
    ours, bases = (
        podman("run", "--rm", image, "sh", "-c", "id; pwd") for image in (row.image, row.bare)
    )

    assert ours.stdout.splitlines()[-2:] == bases.stdout.splitlines()[-2:]
    assert "entrykit:" not in ours.stderr
