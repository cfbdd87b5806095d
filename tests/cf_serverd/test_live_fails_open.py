"""cf-serverd fails open; with the role it does not: one row of `traps` for each way."""

from __future__ import annotations

import pytest
from cf_serverd.traps import JUDGED, OTHER, TRAPS, deaf, listed
from haproxy.namespaces import own_network

pytestmark = pytest.mark.versions

REFUSED = [
    pytest.param(trap, variables, id=f"{name}: {next(iter(variables.values()))!r}")
    for name, trap in TRAPS.items()
    for variables in trap.refused
]


def alone(server):
    """In a network of its own, where every machine's port 5308 is free."""
    server.prefix = own_network()
    return server


def neighbour(hub, server):
    """A client in the server's network, each with the other's key."""
    client = hub.client(server)
    client.prefix = ("nsenter", f"--net=/proc/{server.pid}/ns/net")
    return client


@pytest.mark.parametrize("trap", TRAPS.values(), ids=TRAPS)
def test_without_the_role_it_is_open_or_deaf_and_looks_healthy(hub, trap):
    server = alone(hub.raw({"x": "x"}))
    trap.fall(server)
    server.start()

    assert trap.seen(server, neighbour(hub, server))


def test_a_list_that_is_right_keeps_others_out(hub):
    """What the rows of `admits` are compared with."""
    server = alone(hub.raw({"x": "x"}))
    listed(OTHER)(server)
    server.start()

    assert deaf(server, neighbour(hub, server))
    assert "not in allowconnects" in server.said


@pytest.mark.parametrize(("trap", "variables"), REFUSED)
def test_the_role_refuses_it_by_name_and_starts_nothing(hub, trap, variables):
    refused = hub.made({"x": "x"}, **variables)
    refused.launch()

    assert refused.ended() == trap.code, refused.said
    assert trap.named in refused.said
    assert "Server is starting" not in refused.said
    assert not refused.promises.exists()


@pytest.mark.parametrize("name", JUDGED)
def test_the_role_refuses_a_policy_of_ones_own_with_it(hub, name):
    server = hub.raw()
    TRAPS[name].fall(server)
    text = server.promises.read_text()
    refused = hub.made(PROMISES=text).launch()

    assert refused.ended() == 65, refused.said
    assert "Server is starting" not in refused.said
    assert not refused.promises.exists()
