"""From certbot's folder into CERTS_DIR, and into the HAProxy that runs."""

from __future__ import annotations

import ssl
from concurrent.futures import ThreadPoolExecutor

import pytest
from certbot.lineages import Lineages, identity, serial
from certbot.load import Load
from haproxy.admin import told
from haproxy.apps import App
from haproxy.authority import Authority
from haproxy.client import ask, written
from haproxy.edge import Edges
from haproxy.namespaces import read_only
from haproxy.polling import eventually
from trustme import KeyType

pytestmark = pytest.mark.versions

HOSTS = [
    "one.test",
    "two.test",
    "three.test",
    "*.wild.test",
    *(f"{n}.many.test" for n in range(99)),
]


@pytest.fixture(scope="module")
def ca():
    return Authority()


@pytest.fixture(scope="module")
def web():
    with App("web") as app:
        yield app


@pytest.fixture
def made(tmp_path, ca, search_path, evidence, web):
    """An edge that does not run yet, with a socket."""
    with Edges(tmp_path, ca, search_path, evidence) as edges:
        yield edges.made(DOMAINS=web.serves(*HOSTS), ADMIN_SOCKET="run/a.sock")


@pytest.fixture
def lineages(tmp_path, made, ca):
    socket = made.environ["ADMIN_SOCKET"]
    return Lineages(tmp_path / "letsencrypt", made.certs, ca, admin_socket=socket)


@pytest.fixture
def edge(made):
    return made.start()


def crt_list(edge):
    return (edge.certs / "crt-list.txt").read_text().splitlines()[1:]


def status(edge, host):
    return edge.https(host).status


def refused(edge, host):
    """Whether no certificate is presented for a host."""
    try:
        with edge.tls(host):
            return False
    except ssl.SSLError as error:
        return "UNRECOGNIZED_NAME" in error.reason


# live


def test_a_new_lineage_is_presented_by_the_process_that_runs(edge, lineages):
    assert refused(edge, "one.test")
    before = identity(edge)
    number = lineages.issue("web", "one.test", "*.wild.test")

    ok, said = lineages.deliver("web")

    assert ok, said
    assert serial(edge, "one.test") == serial(edge, "x.wild.test") == number
    assert (status(edge, "one.test"), status(edge, "x.wild.test")) == (200, 200)
    assert identity(edge) == before
    assert said.splitlines() == [
        f"entrykit: wrote {edge.certs}/web.pem",
        "entrykit: HAProxy now serves web.pem",
    ]


@pytest.mark.parametrize("name", ["+.wild.test", "+README"])
def test_the_certificate_of_a_wildcard_comes_goes_and_lasts(edge, lineages, name):
    """HAProxy's crt-list and its commands take what `*` becomes in the name of a file."""
    ok, said = lineages.deliver(name)
    assert (ok, said) == (True, ""), "not an error before it is ordered"
    for _ in range(2):
        number = lineages.issue(name, "*.wild.test")
        ok, said = lineages.deliver(name)
        assert ok, said
        assert (serial(edge, "x.wild.test"), status(edge, "x.wild.test")) == (number, 200)
    edge.stop()
    edge.start()
    assert serial(edge, "x.wild.test") == number
    ok, said = lineages.deliver()
    assert ok, said
    assert refused(edge, "x.wild.test")


def test_a_renewal_under_load_fails_no_request(edge, lineages):
    """Over connections that are kept and over new ones; each new one sees the new serial."""
    numbers = [lineages.issue("web", "one.test")]
    lineages.deliver("web")
    before = identity(edge)

    with Load(edge, "one.test") as load:
        for _ in range(5):
            numbers.append(lineages.issue("web", "one.test"))
            ok, said = lineages.deliver("web")
            assert ok, said
            assert serial(edge, "one.test") == numbers[-1]
            eventually(load.saw(numbers[-1]))

    assert set(numbers) >= load.serials
    assert identity(edge) == before


@pytest.mark.parametrize("kinds", [(KeyType.RSA, KeyType.ECDSA), (KeyType.ECDSA, KeyType.RSA)])
def test_the_kind_of_key_may_change(edge, lineages, kinds):
    for kind in kinds:
        number = lineages.issue("web", "one.test", key_type=kind)

        ok, said = lineages.deliver("web")

        assert ok, said
        assert serial(edge, "one.test") == number


def test_names_that_come_and_go_with_a_renewal_are_served_and_not(edge, lineages):
    """At once: no request is answered with 421, on a new connection or one that was there."""
    lineages.issue("web", "one.test", "three.test")
    lineages.deliver("web")
    number = lineages.issue("web", "one.test", "two.test")

    with Load(edge, "one.test"):
        ok, said = lineages.deliver("web")
        assert ok, said
        assert (status(edge, "two.test"), serial(edge, "two.test")) == (200, number)

    assert refused(edge, "three.test")
    with edge.tls("one.test") as connection:
        hosts = ["one.test", "two.test", "three.test"]
        assert [ask(connection, written(host)).status for host in hosts] == [200, 200, 421]


def test_what_nobody_wants_leaves(edge, lineages):
    """The crt-list, HAProxy, its map of names and the folder; an open connection ends well."""
    lineages.issue("one", "one.test")
    lineages.issue("two", "two.test")
    lineages.deliver("one", "two")

    with edge.tls("two.test") as connection:
        ok, said = lineages.deliver("one")
        assert ask(connection, written("two.test")).status == 200

    assert ok, said
    assert refused(edge, "two.test")
    assert status(edge, "one.test") == 200
    assert crt_list(edge) == ["one.pem"]
    assert not (edge.certs / "two.pem").exists()
    assert "two" not in told(edge, "show ssl cert") + told(edge, "show map tls/names.map")
    assert f"removed {edge.certs}/two.pem" in said


def test_a_lineage_comes_again(edge, lineages):
    lineages.issue("one", "one.test")
    for _ in range(2):
        lineages.deliver("one")
        assert status(edge, "one.test") == 200
        lineages.deliver()
        assert refused(edge, "one.test")


def test_a_hundred_at_once(edge, lineages):
    """And a restart presents the same."""
    hosts = HOSTS[4:]
    numbers = {host: lineages.issue(host, host) for host in hosts}

    ok, said = lineages.deliver(*hosts)

    assert ok, said
    assert {status(edge, host) for host in hosts} == {200}
    assert {host: serial(edge, host) for host in hosts[::10]} == dict(list(numbers.items())[::10])
    edge.stop()
    edge.start()
    assert {host: serial(edge, host) for host in hosts} == numbers
    assert status(edge, hosts[0]) == 200


def test_a_folder_that_haproxy_cannot_write_is_delivered_to_all_the_same(made, lineages):
    """It has a folder of links then, and no file of a new one; a restart makes the link."""
    lineages.issue("one", "one.test")
    lineages.deliver("one")
    edge = made.prefixed(read_only(made.certs)).start()
    numbers = {"one.test": lineages.issue("one", "one.test")}
    numbers["two.test"] = lineages.issue("two", "two.test")

    ok, said = lineages.deliver("one", "two")

    assert ok, said
    assert {host: serial(edge, host) for host in numbers} == numbers
    edge.stop()
    edge.start()
    assert {host: serial(edge, host) for host in numbers} == numbers
    assert (status(edge, "one.test"), status(edge, "two.test")) == (200, 200)


# where the socket does not do

LARGE = {"chain": 32}


def test_one_too_large_for_the_socket_waits_for_the_next_start(edge, lineages):
    """It is not even tried: the others are presented, and the old one of this."""
    old = lineages.issue("large", "one.test")
    lineages.deliver("large")
    new = lineages.issue("large", "one.test", **LARGE)
    lineages.issue("other", "two.test")

    ok, said = lineages.deliver("large", "other")

    assert not ok
    assert (
        "large.pem: larger than the 15 KiB that HAProxy's admin socket takes; its next start"
        in said
    )
    assert (serial(edge, "one.test"), status(edge, "two.test")) == (old, 200)
    edge.stop()
    assert serial(edge.start(), "one.test") == new


def test_one_too_large_for_the_socket_is_presented_by_a_reload(tmp_path, made, lineages):
    """Of the master, where it has a socket; an unreachable admin socket comes to the same."""
    master = str(tmp_path / "m.sock")
    edge = made.commanded(
        "haproxy", "-S", f"{master},mode,600", "-f", f"{made.config}/haproxy.cfg"
    ).start()
    lineages.issue("web", "one.test")
    lineages.deliver("web")
    number = lineages.issue("web", "one.test", **LARGE)

    ok, said = lineages.deliver("web", master_socket=master)

    assert ok, said
    assert serial(edge, "one.test") == number

    number = lineages.issue("web", "one.test")
    ok, said = lineages.deliver("web", admin_socket=None, master_socket=master)
    assert ok, said
    assert "reloaded HAProxy" in said
    eventually(lambda: serial(edge, "one.test") == number)


@pytest.mark.parametrize("socket", ["absent", "left behind", None])
def test_haproxy_does_not_run_and_presents_it_when_it_does(made, lineages, socket):
    if socket == "left behind":
        made.start().signal("KILL")
        made.ended()
        eventually(lambda: lineages.deliver()[1] == "")
    changes = {"admin_socket": None} if socket is None else {}
    number = lineages.issue("web", "one.test")

    ok, said = lineages.deliver("web", **changes)

    assert ok
    assert "HAProxy will serve the certificates after its next start" in said
    assert serial(made.start(), "one.test") == number
    assert lineages.deliver("web", **changes) == (True, "")


# what a HAProxy is left with by others


def test_a_transaction_that_nobody_ends_is_no_hindrance(edge, lineages):
    """Somebody was killed in the middle: of one for another certificate, or for this one."""
    lineages.issue("one", "one.test")
    lineages.issue("two", "two.test")
    lineages.deliver("one", "two")
    for name in ("one", "two"):
        pem = (edge.certs / f"{name}.pem").read_text()
        assert "Transaction created" in told(edge, f"set ssl cert tls/{name}.pem <<\n{pem}")
        number = lineages.issue("two", "two.test")

        ok, said = lineages.deliver("one", "two")

        assert ok, said
        assert serial(edge, "two.test") == number
        assert "No ongoing transaction" in told(edge, "commit ssl cert tls/one.pem")
        assert serial(edge, "one.test") != number


def test_a_certificate_that_was_begun_is_finished(edge, lineages):
    """Known to HAProxy and empty, or filled and not presented; also, presented twice."""
    hosts = {"empty": "one.test", "filled": "two.test", "twice": "three.test"}
    numbers = {host: lineages.issue(name, host) for name, host in hosts.items()}
    lineages.deliver(*hosts)
    for name in ("empty", "filled"):
        told(edge, f"del ssl crt-list tls/crt-list.txt tls/{name}.pem")
    told(edge, "del ssl cert tls/empty.pem")
    told(edge, "new ssl cert tls/empty.pem")
    told(edge, "add ssl crt-list tls/crt-list.txt twice.pem")
    assert refused(edge, "one.test")
    assert refused(edge, "two.test")

    ok, said = lineages.deliver("empty", "filled", "twice")

    assert ok, said
    assert {host: serial(edge, host) for host in hosts.values()} == numbers
    ok, said = lineages.deliver("empty", "filled")
    assert ok, said
    assert refused(edge, "three.test")


def test_certificates_of_a_person_stay_as_they_are(made, lineages, ca):
    """In the folder, in HAProxy and in its map."""
    own = made.certs / "own.pem"
    own.write_bytes(ca.pem("two.test", "three.test"))
    edge = made.start()
    lineages.issue("web", "one.test")
    lineages.issue("own", "two.test")

    ok, said = lineages.deliver("web", "own")

    assert not ok
    assert f"{own}: entrykit did not write this file and leaves it alone" in said
    assert edge.https("three.test").certificate == ("two.test", "three.test")
    assert status(edge, "one.test") == 200
    own.unlink()
    ok, said = lineages.deliver("web")
    assert ok, said
    assert (status(edge, "three.test"), status(edge, "one.test")) == (200, 200)


def test_haproxy_restarts_in_the_middle(edge, lineages):
    """Whatever was lost is given to the new one, or was read by it; nothing hangs.

    Where it takes longer than a delivery waits, that is said, and there is nothing left to do.
    """
    hosts = HOSTS[4:]
    numbers = {host: lineages.issue(host, host) for host in hosts}
    with ThreadPoolExecutor(1) as threads:
        delivered = threads.submit(lineages.deliver, *hosts)
        eventually(lambda: len(crt_list(edge)) == len(hosts))
        edge.signal("TERM")
        edge.ended()
        edge.start()
        ok, said = delivered.result()

    assert ok or "cannot be reached" in said
    assert {host: serial(edge, host) for host in hosts} == numbers
    assert lineages.deliver(*hosts) == (True, "")
