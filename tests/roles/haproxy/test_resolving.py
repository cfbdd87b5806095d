"""Apps that are not there yet, that move, and name servers that fail."""

from __future__ import annotations

import json
import time
from collections import Counter
from contextlib import ExitStack

import pytest
from haproxy.admin import told
from haproxy.apps import App
from haproxy.nameserver import REFUSED, SERVFAIL, NameServer
from haproxy.namespaces import another_etc
from haproxy.polling import eventually, throughout
from haproxy.ports import free_port

pytestmark = pytest.mark.versions

# Seconds: by its own defaults HAProxy forgets an address half a minute after the last answer.
OUTAGE = 34


@pytest.fixture
def name_servers():
    """Make name servers, on addresses that no other run of the tests has at the same time."""
    with ExitStack() as stack:

        def made():
            number = free_port()
            address = f"127.53.{number >> 8}.{number & 255 or 1}"
            return stack.enter_context(NameServer(address))

        yield made


@pytest.fixture
def name_server(name_servers):
    return name_servers()


@pytest.fixture
def machine(edge, tmp_path_factory):
    """Make an edge on a machine with these files; None is no file."""

    def made(resolv_conf, hosts="127.0.0.1 localhost\n", **variables):
        etc = tmp_path_factory.mktemp("etc")
        (etc / "nsswitch.conf").write_text("hosts: files dns\n")
        for name, text in {"resolv.conf": resolv_conf, "hosts": hosts}.items():
            if text is not None:
                (etc / name).write_text(text)
        return edge.made(HTTPS_REDIRECT="off", **variables).prefixed(another_etc(etc))

    return made


@pytest.fixture
def replicas():
    """Three apps on one port of three addresses, as the replicas of a service have it."""
    port = free_port()
    with ExitStack() as stack:
        yield [
            stack.enter_context(App(f"app{number}", f"127.0.0.{number}", port))
            for number in (21, 22, 23)
        ]


def status(edge):
    return edge.http("one.test").status


def answering(edge, times=12):
    """How often each app answers."""
    return Counter(edge.http("one.test").app for _ in range(times))


def test_an_app_is_picked_up_when_it_appears_and_when_it_moves(machine, name_server, replicas):
    """With no reload; and when it goes and comes back."""
    old, new = replicas[:2]
    served = machine(
        f"nameserver {name_server.address}\n", DOMAINS=f"app.internal:{old.port}:one.test"
    ).start()
    assert status(served) == 503

    name_server.records["app.internal"] = [old.host]
    eventually(lambda: served.http("one.test").app == old.name, 6)

    name_server.records["app.internal"] = [new.host]
    eventually(lambda: set(answering(served)) == {new.name}, 6)

    del name_server.records["app.internal"]
    eventually(lambda: status(served) == 503, 8)

    name_server.records["app.internal"] = [old.host]
    eventually(lambda: status(served) == 200, 6)


def test_an_app_with_an_address_of_ipv6_only_is_found(machine, name_server):
    with App("six", "::1") as app:
        name_server.records["app.internal"] = ["::1"]
        served = machine(
            f"nameserver {name_server.address}\n", DOMAINS=f"app.internal:{app.port}:one.test"
        ).start()
        eventually(lambda: served.http("one.test").app == "six", 6)


def test_a_name_server_that_fails_takes_no_app_with_it(machine, name_servers, replicas, web):
    """Nor does any take away what only the hosts file knows, as `--add-host` writes it."""
    app = replicas[0]
    servers = [name_servers() for _ in range(3)]
    edges = []
    for server in servers:
        server.records["app.internal"] = [app.host]
        resolv_conf = f"nameserver {server.address}\n"
        edges.append(machine(resolv_conf, DOMAINS=f"app.internal:{app.port}:one.test").start())
    hosts = "127.0.0.1 localhost Legacy.internal # by hand\n"
    legacy = f"legacy.internal:{web.port}:one.test"
    edges.append(machine(resolv_conf, hosts=hosts, DOMAINS=legacy).start())
    eventually(lambda: {status(edge) for edge in edges} == {200}, 6)

    servers[0].failure, servers[1].failure, servers[2].silent = SERVFAIL, REFUSED, True
    throughout(lambda: {status(edge) for edge in edges} == {200}, OUTAGE)


def test_replicas_share_the_requests(machine, name_server, replicas):
    """As many as the name has addresses, up to what DOMAINS says; one that goes is left out."""
    port = replicas[0].port
    app = {"domains": ["one.test"], "replicas": 4, "port": port}
    name_server.records["app.internal"] = [each.host for each in replicas]
    served = machine(
        f"nameserver {name_server.address}\n", DOMAINS=json.dumps({"app.internal": app})
    ).start()
    eventually(lambda: len(answering(served)) == 3, 6)
    assert set(answering(served).values()) == {4}

    name_server.records["app.internal"] = [each.host for each in replicas[:2]]
    eventually(lambda: set(answering(served)) == {"app21", "app22"}, 10)


def test_more_addresses_than_replicas_use_as_many_as_told(machine, name_server, replicas):
    name_server.records["app.internal"] = [each.host for each in replicas]
    served = machine(
        f"nameserver {name_server.address}\n", DOMAINS=f"app.internal:{replicas[0].port}:one.test"
    ).start()
    eventually(lambda: status(served) == 200, 6)

    assert len(answering(served)) == 1


def test_a_name_of_the_hosts_file_needs_no_resolv_conf(machine, web):
    served = machine(
        None,
        hosts="127.0.0.1 localhost legacy.internal\n",
        DOMAINS=f"legacy.internal:{web.port}:one.test",
    ).start()

    throughout(lambda: status(served) == 200, 3)


HOSTS = {
    "127.0.0.1": "::1 localhost App.internal\n127.0.0.1 localhost app.internal\n",
    "127.0.0.2": "2001:db8::1 app.internal\n127.0.0.2 other App.Internal # IPv4\n",
    "::1": "127.0.0.1 other\n::1 app.internal\n",
}


@pytest.mark.parametrize("address", HOSTS)
def test_ipv4_is_used_where_the_hosts_file_has_both(machine, address):
    """As of DNS: the C library, which reads that file, has IPv6 first."""
    with App("local", address) as app:
        hosts, domains = HOSTS[address], f"app.internal:{app.port}:one.test"
        served = machine(None, hosts=hosts, DOMAINS=domains).start()

        assert served.http("one.test").app == "local"


def test_an_answer_may_be_long(machine, name_server):
    """Forty addresses are more than the 512 bytes of RFC 1035; EDNS allows for them."""
    name_server.records["app.internal"] = [f"127.0.3.{number}" for number in range(1, 41)]
    app = {"domains": ["one.test"], "replicas": 40}
    served = machine(
        f"nameserver {name_server.address}\n",
        DOMAINS=json.dumps({"app.internal": app}),
        ADMIN_SOCKET="admin.sock",
    ).start()

    eventually(lambda: told(served, "show servers state").count(" 127.0.3.") == 40, 6)


def test_a_silent_name_server_does_not_delay_the_start(machine, name_server, web):
    """A resolver of the C library waits ten seconds for each name."""
    name_server.silent = True
    absent = " ".join(f"app{number}.internal:other{number}.test" for number in range(5))
    began = time.monotonic()
    served = machine(
        f"nameserver {name_server.address}\n",
        hosts="127.0.0.1 localhost legacy.internal\n",
        DOMAINS=f"legacy.internal:{web.port}:one.test {absent}",
    ).start()

    assert time.monotonic() - began < 2
    assert status(served) == 200
    assert served.http("other0.test").status == 503


ODD = {
    "absent": None,
    "empty": "",
    "blank": "\n\n",
    "comments": "# nameserver 127.0.0.1\n; nameserver\n",
    "no name server": "search internal\noptions ndots:5 timeout:1\n",
    "no address": "nameserver\n",
    "not an address": "nameserver ns.internal\n",
    "a scope": "nameserver fe80::1%eth0\n",
    "numbers that are no address": "nameserver 127.0.0.300\n",
    "not where a line begins": " nameserver 127.0.0.11\n",
    "a short address": "nameserver 127.1\n",
    "a scope among others": "nameserver fe80::1%eth0\nnameserver 127.0.0.11\n",
    "IPv6": "nameserver ::1\nnameserver 2001:db8::53\n",
    "twice the same": "nameserver 127.0.0.11\nnameserver 127.0.0.11\n",
    "many": "".join(f"nameserver 127.0.0.{number}\n" for number in range(2, 12)),
    "tabs and Windows": "nameserver\t127.0.0.11\t\r\nsearch\tinternal\r\n",
    "no line end": "nameserver 127.0.0.11",
    "garbage": "\0\1\2 nameserver \x7f\x80 \n%s %n\n",
    "long": "nameserver " + "1" * 3000 + "\n" + "search " + "a" * 3000 + "\n",
}


@pytest.mark.parametrize("resolv_conf", ODD.values(), ids=ODD)
def test_an_odd_resolv_conf_does_not_stop_the_start(machine, web, resolv_conf):
    served = machine(
        resolv_conf, DOMAINS=f"{web.serves('one.test')} absent.internal:other.test"
    ).start()

    assert status(served) == 200
    assert served.http("other.test").status == 503
    assert "no nameservers" not in served.said


@pytest.mark.parametrize("hosts", [None, "", "127.0.0.1\n", "\0\xff garbage\n", "# nothing\n"])
def test_an_odd_hosts_file_does_not_stop_the_start(machine, web, hosts):
    served = machine("nameserver 127.0.0.1\n", hosts=hosts, DOMAINS=web.serves("one.test")).start()

    assert status(served) == 200
