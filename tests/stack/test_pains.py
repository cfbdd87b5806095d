"""What users of such stacks have complained about, each tried on the whole of ours.

The complaints are listed in docs/stack.md, with where they were made.
"""

from __future__ import annotations

import json
import os
import ssl
import stat

import pytest
from haproxy.polling import eventually

# A uid that nothing on the machine belongs to, with group 0, as platforms run images.
AS_STRANGER = ("unshare", "--user", "--map-user=12345", "--map-group=0")

SITES = {"one.test/index.html": "one", "two.test/index.html": "two"}


@pytest.fixture
def domains(stack):
    """The text for all three, with nginx running behind it."""
    stack.serve(SITES, "one.test,two.test")
    return f"{stack.app}:one.test,two.test"


@pytest.fixture
def served(stack, domains):
    """The same, with everything up and certificates presented."""
    stack.front(domains).start()
    stack.keep(domains)
    stack.comes("one.test", "two.test")
    return domains


def test_nothing_needs_dockers_socket(stack, served):
    """Certificates are there, and neither a socket of Docker's nor a way to it was given."""
    assert not os.path.exists("/var/run/docker.sock")
    assert not [name for name in stack.told(served) if "DOCKER" in name or "CONTAINER" in name]


def test_a_restart_into_a_lockout_cannot_be(stack, domains):
    """A start in a loop, as of a container that crashes, orders once."""
    stack.front(domains).start()

    codes = [stack.once(domains) for _ in range(5)]

    assert codes == [0] * 5
    assert stack.pebble.orders() == 1


def test_one_bad_name_does_not_block_the_others(stack, domains):
    stack.pebble.dns("two.test")
    stack.front(domains).start()

    stack.keep(domains)

    stack.comes("one.test")
    eventually(lambda: "two.test" in stack.log.read_text(), 30)


def test_one_dead_upstream_does_not_stop_the_proxy(stack, domains):
    more = f"{domains} absent.invalid:gone.test"
    stack.front(more).start()
    stack.keep(more)

    stack.comes("one.test", "gone.test")

    assert stack.edge.https("one.test").status == 200
    assert stack.edge.https("gone.test").status == 503


def test_the_first_boot_needs_no_certificate(stack, domains):
    """Neither side has to be there before the other: no dummy certificate is made."""
    stack.front(domains).start()

    assert not list(stack.edge.certs.glob("*.pem"))
    assert stack.edge.http("one.test").status == 301
    assert not stack.is_trusted("one.test")

    stack.keep(domains)

    stack.comes("one.test")


def test_nobody_needs_root(stack, domains):
    """All volumes belong to group 0, as on OpenShift; the keys are for that group."""
    edge = stack.front(domains).prefixed(AS_STRANGER)
    for folder in (stack.root, edge.folder, edge.certs, stack.letsencrypt):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o775)
    edge.start()

    stack.keep(domains, prefix=AS_STRANGER, CERTS_GROUP="0")

    stack.comes("one.test", "two.test")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in edge.certs.glob("*.pem")}
    assert modes == {0o640}


@pytest.mark.usefixtures("served")
def test_keys_are_for_one_group_only(stack):
    found = [path.stat() for path in stack.edge.certs.glob("*.pem")]

    assert {(stat.S_IMODE(each.st_mode), each.st_gid) for each in found} == {(0o640, 99)}


@pytest.mark.usefixtures("served")
def test_an_unknown_host_gets_nobodys_site(stack):
    assert stack.edge.https("other.test", sni="one.test").status == 421
    assert stack.edge.http("other.test").status == 421
    with pytest.raises(ssl.SSLError), stack.edge.tls("other.test"):
        pass


@pytest.mark.usefixtures("served")
def test_a_removed_domain_is_not_renewed(stack):
    """Its app is gone from DOMAINS: nothing is left that a renewal would touch."""
    stack.keeper.__exit__()
    other = "127.0.0.2:9:three.test"

    assert stack.once(other) in (0, 1)

    assert not list((stack.letsencrypt / "renewal").glob("127.0.0.1*.conf"))
    assert not stack.is_trusted("one.test")


@pytest.mark.usefixtures("served")
def test_the_clients_address_arrives(stack):
    stack.edge.https("one.test", "/seen", source="127.0.0.77")

    def clients():
        return [json.loads(line)["client"] for line in stack.web.access_log if b"/seen" in line]

    assert eventually(clients) == ["127.0.0.77"]


def test_www_and_apex(stack):
    """A www. name beside its apex has a certificate of its own and one redirect."""
    stack.serve(SITES, "one.test,two.test")
    domains = f"{stack.app}:one.test,www.one.test"
    stack.front(domains).start()
    stack.keep(domains)
    stack.comes("one.test", "www.one.test")

    answer = stack.edge.https("www.one.test", "/x")

    assert (answer.status, answer.location) == (301, "https://one.test/x")
