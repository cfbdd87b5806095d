"""deploy/compose.yaml, brought up from empty volumes with an authority for trying."""

from __future__ import annotations

import os
from http.client import HTTPConnection
from pathlib import Path

import pytest
from containers.asking import Client
from containers.composing import stand_in
from containers.engine import podman
from containers.trial import FIRST, PEBBLE, Trial, served
from haproxy.polling import eventually
from programs import environ_of, status

pytestmark = pytest.mark.containers

SERVICES = ("haproxy", "certbot", "web")
PASSWORD = "a secret of the statistics page"
TAR = ("run", "--rm", "-T", "--no-deps", "certbot", "tar", "-C", "/")
STATE = ("etc/letsencrypt", "certs")


@pytest.fixture(scope="module")
def trial(evidence, tmp_path_factory):
    """A stack, with a client to it."""
    stand_in(*PEBBLE)
    password = tmp_path_factory.mktemp("secrets") / "password"
    password.write_text(PASSWORD)
    os.chown(password, 99, 99)
    password.chmod(0o400)
    password.parent.chmod(0o755)
    secret = {"STATS_PORT": "8404", "STATS_PASSWORD_FILE": str(password)}
    with Trial(evidence, **secret) as trial:
        trial.up()
        trial.known = trial.client()
        yield trial


def test_sites_are_served_with_certificates_that_are_trusted(trial):
    """From empty volumes; one certificate for the names of an app.

    On a busy host the name server of the test CA may come after the first order.
    """
    assert served(trial.known)
    assert trial.known.get("two.example")[::2] == (200, "Site two\n")
    assert trial.issued() == 1


def test_www_goes_to_its_domain(trial):
    status, location, _ = trial.known.get("www.one.example", "/page?x=1")

    assert (status, location) == (301, f"https://one.example:{trial.https}/page?x=1")


def test_http_goes_to_https(trial):
    connection = HTTPConnection("127.0.0.1", trial.http, timeout=5)
    connection.request("GET", "/page", headers={"Host": "one.example"})
    answer = connection.getresponse()
    connection.close()

    assert (answer.status, answer.headers["location"]) == (
        301,
        f"https://one.example:{trial.https}/page",
    )


@pytest.mark.parametrize("service", SERVICES)
def test_nobody_is_root_or_may_become_it(trial, service):
    """No user 0, no capability, no way to more; a root that is read-only; no engine's socket."""
    pid = trial.pid(service)
    own = status(pid)
    mounts = Path(f"/proc/{pid}/mountinfo").read_text().splitlines()
    (root,) = [line.split() for line in mounts if line.split()[4] == "/"]

    assert "0" not in own["Uid"].split()
    assert {own[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd")} == {"0" * 16}
    assert own["NoNewPrivs"] == "1"
    assert "ro" in root[5].split(",")
    assert not any(".sock" in line.split()[4] for line in mounts)


@pytest.mark.parametrize("service", SERVICES)
def test_each_has_a_health_check_that_is_passed(trial, service):
    one = trial.container(service)

    eventually(lambda: podman("healthcheck", "run", one, check=False).returncode == 0, 30)


def test_a_secret_is_a_file_and_in_no_environment(trial):
    """The page of statistics wants the password, which only that file had."""
    address = f"{trial.environ['NETWORK']}.10"
    connection = HTTPConnection(address, 8404, timeout=5)
    connection.request("GET", "/")
    refused = connection.getresponse().status
    connection.close()

    assert refused == 401
    assert PASSWORD not in " ".join(environ_of(trial.pid("haproxy")).values())
    assert PASSWORD not in podman("inspect", trial.container("haproxy")).stdout


def test_a_renewal_is_delivered_into_the_running_haproxy(trial):
    """No reload: the same process, another certificate."""
    process, before = trial.pid("haproxy"), trial.known.serial("one.example")

    trial("exec", "-T", "certbot", "entrykit", "certbot", "renew", "--force-renewal")
    eventually(lambda: trial.known.serial("one.example") != before, 60)

    assert served(trial.known)
    assert trial.pid("haproxy") == process


@pytest.mark.parametrize("service", SERVICES)
def test_the_stack_survives_a_kill(trial, service):
    """The container comes back by itself, the site is served, and nothing is ordered anew."""
    orders, serial = trial.orders(), trial.known.serial("one.example")

    trial.kill(service)

    eventually(lambda: served(trial.known), 60)
    assert trial.known.serial("one.example") == serial
    assert trial.orders() == orders


def test_what_the_engine_was_told_to_kill_comes_back_with_the_next_up(trial):
    """It counts as somebody's will, so no restart policy goes against it."""
    orders = trial.orders()
    podman("kill", trial.container("web"))

    trial.up()

    eventually(lambda: served(trial.known), 60)
    assert trial.orders() == orders


def test_a_restored_stack_serves_the_same_certificates(trial, evidence):
    """Backup and restore on empty volumes, by the commands of docs/deploy.md; no order."""
    archive = trial(*TAR, "-cf", "-", *STATE).stdout
    serial = trial.known.serial("one.example")

    with Trial(evidence) as other:
        other(*TAR, "-xpf", "-", input=archive)
        other.up()
        client = Client(other.https, trial.root())
        eventually(lambda: served(client), FIRST)
        eventually(lambda: "the next round" in other.log("certbot"), FIRST)

        assert client.serial("one.example") == serial
        assert other.orders() == 0
