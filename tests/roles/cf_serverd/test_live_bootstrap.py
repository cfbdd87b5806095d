"""cf-agent --bootstrap of a host: the hub's key pinned there, its own key known to the hub."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.versions

POLICY = """body common control {{ bundlesequence => {{ "main" }}; }}
bundle agent main {{ reports: "{}"; }}
"""
TREE = {
    "promises.cf": POLICY.format("this is the hub's policy"),
    "update.cf": POLICY.format("nothing to update"),
    "lib/deep/library.cf": "# library\n",
}


@pytest.fixture
def host(network):
    return network.client()


@pytest.fixture
def served(hub, network, host):
    """A hub at the port that a bootstrap goes to."""
    variables = {"ACL": host.address, "BINDTOINTERFACE": host.hub, "PORT": "5308"}
    made = hub.made(TREE, **{f"CF_SERVERD_{name}": text for name, text in variables.items()})
    made.prefix = network.hub.prefix
    return made.start()


def copied(client):
    """What of the hub's tree is there."""
    inputs = client.path / "inputs"
    return {path: (inputs / path).read_text() for path in TREE if (inputs / path).exists()}


def test_it_copies_the_tree_and_trusts_no_new_key(hub, served, host):
    """It ends with 1 all the same: the scheduler, cf-execd, is not part of this."""
    client = hub.client(served, prefix=host.prefix)
    pinned = client.known
    output = client.bootstrap(host.hub).stdout

    assert copied(client) == TREE
    assert "R: this is the hub's policy" in output
    assert client.known == pinned == {served.digest}
    assert served.known == {client.digest}


def test_without_the_pin_it_copies_nothing(hub, served, host):
    client = hub.client(prefix=host.prefix)
    served.pin(client)
    output = client.bootstrap(host.hub).stdout

    assert f"TRUST FAILED, server presented untrusted key: {served.digest}" in output
    assert copied(client) == {}
    assert client.known == set()


def test_a_host_whose_key_the_hub_does_not_know_copies_nothing(hub, served, host):
    client = hub.client(prefix=host.prefix)
    client.pin(served)
    client.bootstrap(host.hub)

    assert copied(client) == {}
    assert "TRUST FAILED" in served.output
    assert served.known == set()


def test_a_host_may_be_trusted_by_where_it_comes_from(hub, network, host):
    """CF_SERVERD_TRUSTKEYSFROM, with a warning that it is open."""
    variables = {
        "CF_SERVERD_ACL": host.address,
        "CF_SERVERD_TRUSTKEYSFROM": host.address,
        "CF_SERVERD_BINDTOINTERFACE": host.hub,
        "CF_SERVERD_PORT": "5308",
    }
    made = hub.made(TREE, **variables)
    made.prefix = network.hub.prefix
    served = made.start()
    client = hub.client(prefix=host.prefix)
    client.pin(served)
    client.bootstrap(host.hub)

    assert copied(client) == TREE
    assert served.known == {client.digest}
    assert "CF_SERVERD_TRUSTKEYSFROM" in served.output
