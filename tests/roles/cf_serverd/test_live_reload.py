"""SIGHUP: a new policy is taken, a broken one is not; and a start that is refused."""

from __future__ import annotations

import signal
import socket

import pytest
from cf_serverd.workdirs import Workdir
from haproxy.polling import eventually, throughout
from programs import entrykit

pytestmark = pytest.mark.versions


@pytest.fixture
def elsewhere(tmp_path):
    """Another folder to serve."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "x").write_text("new")
    return folder


def rewritten(served, **variables):
    """Write the files anew for other variables, beside the running hub."""
    environ = served.variables | variables
    done = entrykit("render", "cf-serverd", "-o", served.path / "inputs", environ=environ)
    assert done.returncode == 0, done.stderr


def hung_up(served):
    """Send it SIGHUP; it is heeded once no connection is open."""
    served.signal(signal.SIGHUP)


def fetched(client, served):
    return client.get("masterfiles/x", served.port).text


def test_a_new_policy_is_picked_up(hub, elsewhere):
    served = hub({"x": "old"})
    client, before = hub.client(served), served.pid
    assert fetched(client, served) == "old"
    rewritten(served, CF_SERVERD_MASTERFILES=str(elsewhere))
    assert fetched(client, served) == "old"
    hung_up(served)

    assert eventually(lambda: fetched(client, served) == "new", 30)
    assert served.pid == before


def test_it_waits_for_connections_to_end(hub, elsewhere):
    """Also for an idle, unauthenticated one."""
    served = hub({"x": "old"}, CF_SERVERD_LOG_LEVEL="info")
    client = hub.client(served)
    rewritten(served, CF_SERVERD_MASTERFILES=str(elsewhere))
    with socket.create_connection(("127.0.0.1", served.port)):
        served.says("Accepting connection")
        hung_up(served)
        throughout(lambda: fetched(client, served) == "old", 2)

    assert eventually(lambda: fetched(client, served) == "new", 30)


def test_an_acl_that_was_made_narrower_counts_from_then_on(hub):
    served = hub({"x": "x"})
    client = hub.client(served)
    assert fetched(client, served) == "x"
    rewritten(served, CF_SERVERD_ACL="192.0.2.1")
    hung_up(served)

    assert eventually(lambda: fetched(client, served) is None, 30)
    assert "not in allowconnects" in served.output


@pytest.mark.parametrize("text", ["nonsense", "", None], ids=["broken", "empty", "missing"])
def test_a_broken_policy_is_not(hub, text):
    served = hub({"x": "x"})
    client = hub.client(served)
    if text is None:
        served.promises.unlink()
    else:
        served.promises.write_text(text)
    before = len(served.output)
    hung_up(served)

    assert eventually(lambda: "error" in served.output[before:], 30)
    assert fetched(client, served) == "x"
    assert served.listening() == {("127.0.0.1", served.port)}
    assert served.running.process.poll() is None


def test_a_start_that_is_refused_leaves_the_one_that_runs_alone(hub):
    served = hub({"x": "x"})
    client, before = hub.client(served), served.promises.read_bytes()
    again = hub.made(CFENGINE_WORKDIR=str(served.path), PROMISES="nonsense").launch()

    assert again.ended() == 65, again.output
    assert "nonsense" in again.output
    assert served.promises.read_bytes() == before
    served.signal(signal.SIGHUP)
    assert eventually(lambda: fetched(client, served) == "x", 30)


def test_what_is_rendered_is_accepted(hub, tmp_path):
    """By cf-promises itself, and without a work dir of the hub's."""
    made = hub.made()
    out = tmp_path / "out"
    done = entrykit("render", "cf-serverd", "-o", out, environ=made.variables)
    checked = Workdir(tmp_path / "check").made().run("cf-promises", "-c", "-f", out / "promises.cf")

    assert (done.returncode, done.stderr) == (0, "")
    assert (checked.returncode, checked.stdout) == (0, "")
