"""What HAProxy is told over its admin socket, and what it answers."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from contextlib import suppress
from threading import Thread

import pytest
from certbot.lineages import pause, worker
from haproxy.apps import App
from haproxy.authority import Authority
from haproxy.edge import Edges
from haproxy.polling import eventually

from entrykit.roles.certbot.delivery.admin_socket import AdminSocket, RefusedError, UnreachableError
from entrykit.roles.certbot.delivery.names_map import NamesMap

pytestmark = pytest.mark.versions

CA = Authority()
NAME = "web.pem"


@pytest.fixture(scope="module")
def edge(tmp_path_factory, search_path, evidence):
    with (
        App("web") as web,
        Edges(tmp_path_factory.mktemp("edges"), CA, search_path, evidence) as edges,
    ):
        yield edges(
            DOMAINS=web.serves("one.test"),
            ADMIN_SOCKET="run/a.sock",
            certificates=[CA.pem("one.test")],
        )


@pytest.fixture
def admin(edge):
    """A socket of a HAProxy with one certificate of a person's."""
    client = AdminSocket(edge.environ["ADMIN_SOCKET"])
    yield client
    client.drop(NAME)


@pytest.fixture
def names(admin):
    """The map of that HAProxy."""
    return NamesMap(admin)


def test_the_version_is_two_numbers(admin, search_path):
    program = shutil.which("haproxy", path=search_path)
    said = subprocess.run([program, "-v"], capture_output=True, text=True, check=True).stdout

    assert f"HAProxy version {'.'.join(map(str, admin.version()))}." in said


def test_a_certificate_is_put_and_dropped(admin):
    admin.put(NAME, CA.pem("two.test"))
    first = admin.fingerprint(NAME)
    assert admin.crt_list_entries() == [("0.pem", "2")]

    admin.add_to_crt_list(NAME)
    admin.put(NAME, CA.pem("two.test"))

    assert [name for name, _ in admin.crt_list_entries()] == ["0.pem", NAME]
    assert admin.certificates() == {"0.pem", NAME}
    assert admin.fingerprint(NAME) not in {None, first}
    admin.drop(NAME)
    assert admin.certificates() == {"0.pem"}
    assert admin.fingerprint(NAME) is None
    admin.drop(NAME)


def broken():
    key, chain = CA.pem("two.test"), CA.pem("two.test")
    start = chain.index(b"-----BEGIN CERT")
    yield "another key", key[: key.index(b"-----BEGIN CERT")] + chain[start:]
    yield "no key", chain[start:]
    yield "no certificate", chain[:start]
    yield "nothing", b"nothing\n"


@pytest.mark.parametrize("pem", [pem for _, pem in broken()], ids=[name for name, _ in broken()])
def test_what_cannot_be_presented_is_refused_and_changes_nothing(admin, pem):
    """In HAProxy's words; the transaction is over, so the next one is not hindered."""
    admin.put(NAME, CA.pem("two.test"))
    before = admin.fingerprint(NAME)

    with pytest.raises(RefusedError, match=NAME):
        admin.put(NAME, pem)

    assert admin.fingerprint(NAME) == before
    admin.put(NAME, CA.pem("two.test"))
    assert admin.fingerprint(NAME) != before


@pytest.mark.parametrize("group", ["web.pem", "odd'\"\\$%,!~;[a]", "\udcff"])
def test_the_map_holds_any_name_of_a_file(names, group):
    names.add({"a.test": group, "b.test": "b.pem"})
    assert names.groups() == {"one.test": "0.pem", "a.test": group, "b.test": "b.pem"}

    names.set("b.test", group)

    assert names.groups() == {"one.test": "0.pem", "a.test": group, "b.test": group}
    for name in ("a.test", "b.test"):
        names.delete(name)
    assert names.groups() == {"one.test": "0.pem"}


def test_many_names_are_added_in_pieces(names):
    """Each is short enough for one command."""
    many = {f"{number}.{'long-label' * 6}.test": NAME for number in range(1000)}

    names.add(many)

    assert names.groups() == {"one.test": "0.pem", **many}
    for name in many:
        names.delete(name)


@pytest.mark.parametrize(
    "say",
    [
        lambda admin: admin.add_to_crt_list("nobody.pem"),
        lambda admin: NamesMap(admin).set("nobody.test", "x"),
        lambda admin: NamesMap(admin).delete("nobody.test"),
    ],
)
def test_what_is_not_there_is_refused(admin, say):
    with pytest.raises(RefusedError):
        say(admin)


def test_a_haproxy_without_the_list_and_the_map_is_another_ones(tmp_path, search_path):
    path = tmp_path / "a.sock"
    config = tmp_path / "haproxy.cfg"
    config.write_text(f"global\n stats socket {path} mode 600 level admin\n")
    program = shutil.which("haproxy", path=search_path)
    with subprocess.Popen([program, "-db", "-f", config], stdin=subprocess.DEVNULL) as other:
        try:
            eventually(path.exists)
            admin = AdminSocket(str(path))
            with pytest.raises(RefusedError):
                admin.crt_list_entries()
            with pytest.raises(RefusedError):
                NamesMap(admin).groups()
        finally:
            other.terminate()


def test_nobody_there_is_told_from_somebody_who_does_not_answer(edge, tmp_path):
    """The second one runs, and has to be told of some other way."""
    stale = tmp_path / "stale"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(stale))

    for path in (tmp_path / "absent", stale):
        with pytest.raises(UnreachableError) as raised:
            AdminSocket(str(path)).version()
        assert not raised.value.is_running
    pid = worker(edge)
    pause(edge)
    try:
        with pytest.raises(UnreachableError, match="timed out") as raised:
            AdminSocket(edge.environ["ADMIN_SOCKET"], seconds=0.2).version()
        assert raised.value.is_running
    finally:
        os.kill(pid, signal.SIGCONT)


def test_an_answer_without_an_end_is_not_waited_for(tmp_path):
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def drip():
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                while True:
                    connection.sendall(b"x")

        Thread(target=drip, daemon=True).start()
        with pytest.raises(UnreachableError, match="timed out") as raised:
            AdminSocket(str(path), seconds=0.2).version()
        assert raised.value.is_running
