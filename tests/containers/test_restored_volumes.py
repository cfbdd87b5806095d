"""Backup and restore by volumes, with the commands of docs/quadlet.md and docs/swarm.md."""

from __future__ import annotations

import re
import shlex
import subprocess
from contextlib import ExitStack
from secrets import token_hex

import pytest
import yaml
from certbot.pebble import Pebble
from containers.asking import Client
from containers.engine import ENGINE, HOME, Container, config_of, podman
from containers.keepers import reached
from containers.trial import FIRST
from haproxy.ports import free_port
from programs import DEADLINE

pytestmark = pytest.mark.containers

HOST = "example.com"
IMAGES = "localhost/entrykit"
OPTIONS = ("--network", "host", "--user", "99:99", "--cap-drop", "ALL")
UNITS = sorted((HOME / "deploy/quadlet").glob("*.volume"))
STACK = yaml.safe_load((HOME / "deploy/swarm/stack.yaml").read_text())


def names(page):
    """What volumes are called where the page is followed: by units and labels, or by a stack."""
    if page == "swarm":
        return {f"entrykit_{name}" for name in STACK["volumes"]}
    units = {re.search("VolumeName=(.*)", unit.read_text())[1] for unit in UNITS}
    labels = (config_of(f"{IMAGES}/{role}")["Labels"]["RUN"] for role in ("registry", "cf-serverd"))
    return units | {name for label in labels for name in re.findall(r"--volume (\w\S*?):", label)}


class Volumes:
    """The volumes of one image, with names of this test alone, and the page's commands for them.

    Attributes:
        backup: the words after `podman run`, without where the archive goes.
        restore: those of the other way.
        options: for a container with these volumes.
    """

    def __init__(self, page, image):
        self._known, self._tag = names(page), token_hex(4)
        text = (HOME / f"docs/{page}.md").read_text().replace("\\\n", "")
        shown = re.findall(
            rf"^\$ (?:docker|podman) run (.* (?:localhost/)?entrykit/{image} tar .*?) [<>]",
            text,
            re.MULTILINE,
        )
        self.backup, self.restore = ([*map(self._local, shlex.split(words))] for words in shown)
        self.options = [f"-v={word}" for word in self.backup if word.partition(":/")[1]]

    def _local(self, word):
        name, colon, path = word.partition(":/")
        if colon:
            assert name in self._known
            return f"{name}-{self._tag}{colon}{path}"
        return f"localhost/{word}" if word.startswith("entrykit/") else word

    def remove(self):
        named = (option.removeprefix("-v=").partition(":")[0] for option in self.options)
        podman("volume", "rm", "--force", *named)


@pytest.fixture
def volumes():
    """Make the volumes of a page and an image; they are gone when the test ends."""
    with ExitStack() as stack:

        def volumes(page, image):
            made = Volumes(page, image)
            stack.callback(made.remove)
            return made

        yield volumes


def ran(words, data=b""):
    """Run a command of the page: what it has written."""
    argv = [ENGINE, "run", *words]
    done = subprocess.run(argv, input=data, capture_output=True, timeout=DEADLINE, check=False)
    assert done.returncode == 0, done.stderr
    assert b"tar:" not in done.stderr
    return done.stdout


def certbot(pebble, volumes, evidence):
    """The keeper, which the authority reaches itself."""
    options = [*OPTIONS, *volumes.options, f"-v={pebble.bundle}:/bundle.pem:ro"]
    return Container(
        f"{IMAGES}/certbot", options=options, environ=reached(pebble), evidence=evidence
    )


def presented(pebble, volumes, evidence):
    """The serial number of what HAProxy presents once certbot has done what there was to do."""
    port = free_port()
    environ = {
        "BIND": "127.0.0.1",
        "CERTS_DIR": "/certs",
        "DOMAINS": f"127.0.0.1:{free_port()}:{HOST}",
        "HTTP_PORT": free_port(),
        "HTTPS_PORT": port,
        "HEALTH_PORT": free_port(),
    }
    client = Client(port, pebble.root())
    options = [*OPTIONS, *volumes.options]
    with certbot(pebble, volumes, evidence) as keeper:
        keeper.comes(lambda: "the next round" in keeper.log, FIRST)
    with Container(
        f"{IMAGES}/haproxy", options=options, environ=environ, evidence=evidence
    ) as haproxy:
        return haproxy.comes(lambda: client.serial(HOST), FIRST)


@pytest.mark.parametrize("page", ["quadlet", "swarm"])
def test_the_same_certificates_with_no_order(volumes, page, tmp_path, evidence):
    """From volumes that are gone to those of the backup."""
    edge = volumes(page, "certbot")
    with Pebble(tmp_path / "pebble") as pebble:
        for folder in (tmp_path, *tmp_path.parents[:2]):
            folder.chmod(0o755)
        pebble.bundle.chmod(0o644)
        serial = presented(pebble, edge, evidence)
        restored(edge)

        assert presented(pebble, edge, evidence) == serial
        assert pebble.orders() == 1


def restored(volumes):
    """Take a backup, lose the volumes, and restore them."""
    archive = ran(volumes.backup)
    volumes.remove()
    ran(volumes.restore, archive)


def test_a_hub_is_the_same_for_its_clients(volumes, evidence):
    """By the volumes that its label has."""
    hub = volumes("quadlet", "cf-serverd")

    def key():
        options = ["--network", "none", *hub.options]
        environ = {"CF_SERVERD_ACL": "127.0.0.1"}
        image = f"{IMAGES}/cf-serverd"
        with Container(image, options=options, environ=environ, evidence=evidence) as container:
            container.comes(container.is_healthy)
            return container.exec("cat", "/var/lib/cfengine3/ppkeys/localhost.pub")

    first = key()
    restored(hub)

    assert key() == first


def test_what_a_registry_holds(volumes):
    """By the volume that its label has; files keep owner and mode."""
    registry = volumes("quadlet", "registry")
    there = ("find", "/var/lib/registry", "-printf", "%p %u %m\n")

    def run(*words):
        return podman("run", "--rm", *registry.options, f"{IMAGES}/registry", *words).stdout

    run("install", "-D", "-o", "1000", "-m", "640", "/etc/hostname", "/var/lib/registry/docker/a")
    before = run(*there)
    restored(registry)

    assert run(*there) == before
    assert "/var/lib/registry/docker/a 1000 640" in before
