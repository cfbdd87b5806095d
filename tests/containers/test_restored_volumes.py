"""Backup and restore by volumes, with the commands of docs/quadlet.md and docs/swarm.md."""

from __future__ import annotations

import re
import shlex
import subprocess
from secrets import token_hex

import pytest
import yaml
from certbot.pebble import Pebble
from containers.asking import Client
from containers.engine import ENGINE, HOME, Container, podman
from haproxy.ports import free_port
from programs import DEADLINE

pytestmark = pytest.mark.containers

HOST = "example.com"
IMAGES = "localhost/entrykit"
OPTIONS = ("--network", "host", "--user", "99:99", "--cap-drop", "ALL")
UNITS = sorted((HOME / "deploy/quadlet").glob("*.volume"))
STACK = yaml.safe_load((HOME / "deploy/swarm/stack.yaml").read_text())
# What volumes are called where the page is followed.
NAMES = {
    "quadlet": {re.search("VolumeName=(.*)", unit.read_text())[1] for unit in UNITS},
    "swarm": {f"entrykit_{name}" for name in STACK["volumes"]},
}


class Volumes:
    """The volumes of an edge, with names of this test alone, and the page's commands for them."""

    def __init__(self, page):
        tag = token_hex(4)
        text = (HOME / f"docs/{page}.md").read_text().replace("\\\n", "")
        shown = re.findall(r"^\$ (?:docker|podman) run (.* tar -C / .*?) [<>]", text, re.MULTILINE)
        self.backup, self.restore = ([*self._local(words, page, tag)] for words in shown)
        self.options = [
            f"-v={word}" for word in self.backup if word.endswith((":/certs", ":/etc/letsencrypt"))
        ]

    @staticmethod
    def _local(words, page, tag):
        for word in shlex.split(words):
            name, colon, path = word.partition(":/")
            if colon:
                assert name in NAMES[page]
            yield f"{name}-{tag}{colon}{path}" if colon else word

    def remove(self):
        names = (option.removeprefix("-v=").partition(":")[0] for option in self.options)
        podman("volume", "rm", "--force", *names)


@pytest.fixture(params=NAMES)
def volumes(request):
    volumes = Volumes(request.param)
    yield volumes
    volumes.remove()


def ran(words, data=b""):
    """Run a command of the page: what it has written."""
    words = [f"{IMAGES}/certbot" if word == "entrykit/certbot" else word for word in words]
    argv = [ENGINE, "run", *words]
    done = subprocess.run(argv, input=data, capture_output=True, timeout=DEADLINE, check=False)
    assert done.returncode == 0, done.stderr
    assert b"tar:" not in done.stderr
    return done.stdout


def certbot(pebble, volumes, evidence):
    """The keeper, which the authority reaches itself."""
    environ = {
        "DOMAINS": f"web:{HOST}",
        "CERTS_DIR": "/certs",
        "ACME_SERVER": pebble.directory,
        "ACME_CA_BUNDLE": "/bundle.pem",
        "PORT": pebble.http_port,
        "HAPROXY_URL": f"http://127.0.0.1:{pebble.http_port}",
        "HAPROXY_WAIT": "0",
    }
    options = [*OPTIONS, *volumes.options, f"-v={pebble.bundle}:/bundle.pem:ro"]
    return Container(f"{IMAGES}/certbot", options=options, environ=environ, evidence=evidence)


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
        keeper.comes(lambda: "the next look" in keeper.log)
    with Container(
        f"{IMAGES}/haproxy", options=options, environ=environ, evidence=evidence
    ) as haproxy:
        return haproxy.comes(lambda: client.serial(HOST))


def test_the_same_certificates_with_no_order(volumes, tmp_path, evidence):
    """From volumes that are gone to those of the backup."""
    with Pebble(tmp_path / "pebble") as pebble:
        for folder in (tmp_path, *tmp_path.parents[:2]):
            folder.chmod(0o755)
        pebble.bundle.chmod(0o644)
        serial = presented(pebble, volumes, evidence)
        archive = ran(volumes.backup)
        volumes.remove()

        ran(volumes.restore, archive)

        assert presented(pebble, volumes, evidence) == serial
        assert pebble.orders() == 1
