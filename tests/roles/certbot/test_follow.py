"""One of several HAProxies presents what a folder has: `follow` sees to it, and only reads that."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import pytest
from certbot.lineages import identity, serial
from engines.kubelet import Mounted
from haproxy.admin import told
from haproxy.apps import App
from haproxy.authority import Authority
from haproxy.edge import Edges
from haproxy.namespaces import read_only
from haproxy.polling import eventually
from programs import DEADLINE, Running, status

from entrykit.roles.certbot.delivery.pem_file import read_pem_file
from entrykit.tls.pem import InvalidPem

pytestmark = pytest.mark.versions

CA = Authority()
PROGRAM = [sys.executable, "-m", "entrykit.roles.certbot.delivery.follow"]
HOSTS = ("one.test", "two.test", "three.test")


@pytest.fixture
def edge(tmp_path, search_path, evidence):
    """An edge that cannot write CERTS_DIR and begins with a certificate for one.test."""
    with App("web") as web, Edges(tmp_path, CA, search_path, evidence) as edges:
        edge = edges.made(DOMAINS=web.serves(*HOSTS), ADMIN_SOCKET="run/a.sock")
        edge.secret = Mounted(edge.certs)
        edge.secret.hold({"one.pem": CA.pem("one.test")})
        edge.prefixed(read_only(edge.certs)).start()
        yield edge


def listens(follower):
    """Wait until it has handlers for signals."""
    bit = 1 << signal.SIGUSR1 - 1
    eventually(lambda: int(status(follower.pid)["SigCgt"], 16) & bit, DEADLINE)


@pytest.fixture
def follower(edge, tmp_path, evidence):
    argv = [*PROGRAM, edge.certs, edge.environ["ADMIN_SOCKET"]]
    with Running(argv, {"PATH": os.environ["PATH"]}, tmp_path / "follow.log") as follower:
        evidence.append(follower.evidence)
        listens(follower)
        yield follower
        evidence.remove(follower.evidence)


def shown(follower, condition):
    """Have it look until a condition is true; it looks by itself, but not as often."""

    def probe():
        follower.process.send_signal(signal.SIGUSR1)
        return condition()

    return follower.comes(probe)


def test_what_is_renewed_added_and_removed_is_presented_with_no_reload(edge, follower):
    process, first = identity(edge), serial(edge, "one.test")

    edge.secret.hold({"one.pem": CA.pem("one.test"), "two.pem": CA.pem("two.test")})
    shown(follower, lambda: serial(edge, "two.test"))
    assert serial(edge, "one.test") != first
    assert edge.https("two.test").status == 200

    edge.secret.hold({"two.pem": CA.pem("two.test", "three.test")})
    shown(follower, lambda: edge.https("three.test").status == 200)
    assert "one.pem" not in told(edge, "show ssl cert")
    assert identity(edge) == process


def test_a_torn_file_leaves_what_is_presented(edge, follower):
    """It is warned of once, and what comes after it is taken."""
    first, pem = serial(edge, "one.test"), CA.pem("one.test")
    edge.secret.hold({"one.pem": pem[: len(pem) // 2], "two.pem": CA.pem("two.test")})
    shown(follower, lambda: serial(edge, "two.test"))

    assert serial(edge, "one.test") == first
    assert edge.https("one.test").status == 200
    told = re.findall(r".*not served: one.pem.*", follower.log.read_text())
    assert told
    assert len(set(told)) == len(told)
    edge.secret.hold({"one.pem": pem})
    shown(follower, lambda: serial(edge, "one.test") != first)


@pytest.mark.parametrize("part", [0, 0.3, 0.9])
def test_what_is_being_written_is_left_for_the_next_look(tmp_path, part):
    """It may be whole when it is judged, and rewritten in its place before it is read."""
    text = CA.pem("one.test")
    (tmp_path / "one.pem").write_bytes(text[: int(len(text) * part)])

    with pytest.raises(InvalidPem):
        read_pem_file(str(tmp_path), "one.pem")


def test_a_name_that_would_be_two_commands_is_told_to_nobody(edge, follower):
    """HAProxy serves it by itself at its next start."""
    edge.secret.hold({"x;show.pem": CA.pem("two.test"), "three.pem": CA.pem("three.test")})
    shown(follower, lambda: serial(edge, "three.test"))

    assert "x;show.pem: its name cannot be used in a command to HAProxy" in follower.log.read_text()
    assert "x;show" not in told(edge, "show ssl cert")


def test_a_key_beside_its_certificate_is_as_good(edge, follower):
    """So a Secret of the type kubernetes.io/tls can be mounted as NAME.pem and NAME.pem.key."""
    issued = CA.issue("two.test")
    chain = b"".join(part.bytes() for part in issued.cert_chain_pems)
    edge.secret.hold({"two.pem": chain, "two.pem.key": issued.private_key_pem.bytes()})

    shown(follower, lambda: serial(edge, "two.test"))


def test_it_waits_for_a_haproxy_that_is_away(edge, follower):
    """What has changed meanwhile HAProxy has read itself, and what changes later it is told."""
    edge.stop()
    follower.process.send_signal(signal.SIGUSR1)
    follower.comes(lambda: "HAProxy cannot be reached" in follower.log.read_text())
    edge.secret.hold({"two.pem": CA.pem("two.test")})
    edge.start()
    assert serial(edge, "two.test")

    edge.secret.hold({"two.pem": CA.pem("two.test"), "three.pem": CA.pem("three.test")})
    shown(follower, lambda: serial(edge, "three.test"))


def test_one_whose_names_do_not_fit_into_an_answer_is_known_to_be_presented(edge, tmp_path):
    """HAProxy has read it at its start: the socket would not take it."""
    names = [f"{number}.some-long-name.many.test" for number in range(600)]
    edge.secret.hold({"many.pem": CA.pem("one.test", *names), "two.pem": CA.pem("two.test")})
    edge.stop()
    edge.start()
    edge.secret.hold({"many.pem": (edge.certs / "many.pem").read_bytes()})
    argv = [*PROGRAM, edge.certs, edge.environ["ADMIN_SOCKET"]]
    with Running(argv, {"PATH": os.environ["PATH"]}, tmp_path / "follow.log") as follower:
        follower.comes(lambda: "no longer serves two.pem" in follower.log.read_text())

    assert "many.pem" not in follower.log.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_at_once(follower, number):
    follower.process.send_signal(number)

    assert follower.ended() == 0


@pytest.mark.parametrize("words", [[], ["/certs"], ["/certs", "/a.sock", "more"]])
def test_wrong_words(words):
    done = subprocess.run([*PROGRAM, *words], capture_output=True, text=True, check=False)

    assert done.returncode == 64
    assert "CERTS_DIR ADMIN_SOCKET" in done.stderr
