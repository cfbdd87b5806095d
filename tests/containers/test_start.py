"""docs/start.md from its first command to its last, with podman in the place of Docker.

The authority is Pebble, in a container on the same network, where HAProxy has the names of the
page; ports are free ones on loopback. All else is run as the page shows it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import partial

import pytest
import trustme
from containers.engine import ENGINE, podman
from haproxy.polling import eventually
from haproxy.ports import free_port
from pages import blocks
from programs import DEADLINE, ENTRYKIT

pytestmark = pytest.mark.containers

NAMES = ["web", "haproxy", "certbot", "pebble"]
VOLUMES = ["certs", "run", "letsencrypt"]
PATIENCE = 60  # seconds for the first certificate
_SHELL = """
cd "$FOLDER" || exit
docker() { "$ENGINE" "$@"; }
make() { test "$*" = 'images ENGINE=docker'; }
curl() {
    command curl --connect-to ":80:127.0.0.1:$TRIED_PLAIN" \\
        --connect-to ":443:127.0.0.1:$TRIED_TLS" "$@"
}
"""


@pytest.fixture
def folder(tmp_path):
    """The page's file of variables, with Pebble for Let's Encrypt; and all that Pebble needs."""
    (shown,) = (each.text for each in blocks("start.md", "dotenv") if "STAGING" in each.text)
    told = "ACME_SERVER=https://pebble:14000/dir\nACME_CA_BUNDLE=/bundle.pem\n"
    (tmp_path / "stack.env").write_text(shown.replace("ACME_STAGING=on\n", told))
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "bundle.pem")
    own = authority.issue_cert("pebble")
    own.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    own.private_key_pem.write_to_path(tmp_path / "key.pem")
    config = {
        "listenAddress": "0.0.0.0:14000", "managementListenAddress": "0.0.0.0:15000",
        "certificate": "/pebble/cert.pem", "privateKey": "/pebble/key.pem",
        "httpPort": 80, "tlsPort": 443, "ocspResponderURL": "",
        "profiles": {"default": {"description": "for tests", "validityPeriod": 7_776_000}},
    }  # fmt: skip
    (tmp_path / "pebble.json").write_text(json.dumps({"pebble": config}))
    shutil.copy(shutil.which("pebble"), tmp_path / "pebble")
    for path in tmp_path.iterdir():
        path.chmod(0o755)
    return tmp_path


@pytest.fixture
def run(folder, evidence):
    """Run a command of the page in that folder, and return what it has said."""
    environ = {
        "PATH": f"{ENTRYKIT.parent}:{os.environ['PATH']}:/usr/sbin", "HOME": str(folder),
        "ENGINE": str(ENGINE), "FOLDER": str(folder),
        "TRIED_PLAIN": str(free_port()), "TRIED_TLS": str(free_port()),
        "TRIED_ROOTS": str(free_port()), "CURL_CA_BUNDLE": str(folder / "root.pem"),
    }  # fmt: skip

    def run(command):
        argv = ["bash", "-c", f"{_SHELL}\n{here(command)}"]
        streams = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
        done = subprocess.run(argv, env=environ, timeout=DEADLINE, check=False, **streams)
        return done.stdout + done.stderr

    def logs():
        yield from ((name, run(f"docker logs {name}")) for name in NAMES)

    evidence.append(logs)
    yield run
    evidence.remove(logs)
    podman("rm", "--force", "--time", "0", "--volumes", "--ignore", *NAMES, check=False)
    podman("volume", "rm", "--force", *VOLUMES, check=False)
    podman("network", "rm", "--force", "apps", check=False)


def here(command):
    """A command of the page on a machine that nobody reaches from outside."""
    ports = '-p "127.0.0.1:$TRIED_PLAIN:80" -p "127.0.0.1:$TRIED_TLS:443"'
    names = "--network-alias example.com --network-alias www.example.com"
    podmans = "--sysctl net.ipv4.ip_unprivileged_port_start=0"
    trusting = '-v "$PWD/bundle.pem:/bundle.pem:ro" --env-file stack.env entrykit/certbot'
    command = command.replace("-p 80:80 -p 443:443", f"{ports} {names} {podmans}")
    command = command.replace("docker rm -f", "docker rm -f -v")  # and no volume is left
    return command.replace("--env-file stack.env entrykit/certbot", trusting)


PEBBLE = """
docker run -d --name pebble --network apps --user 0 -p "127.0.0.1:$TRIED_ROOTS:15000" \\
    -v "$PWD:/pebble:ro" -e PEBBLE_VA_NOSLEEP=1 -e PEBBLE_WFE_NONCEREJECT=0 \\
    --entrypoint /pebble/pebble entrykit/haproxy -config /pebble/pebble.json
"""
# The root is one of this start's, and what curl trusts from then on.
ROOT = 'command curl -sk "https://127.0.0.1:$TRIED_ROOTS/roots/0" | tee "$CURL_CA_BUNDLE"'


def issued(run):
    """Whether certbot has said what the page shows."""
    (shown,) = blocks("start.md", "text")
    return set(shown.text.splitlines()) <= set(run("docker logs certbot").splitlines())


def test_the_page_leads_to_a_trusted_certificate(run):
    """By its commands, in its order; what it shows of a command is what that says."""
    for block in blocks("start.md", "console"):
        for command, said in block.commands:
            found = run(command)
            assert said == "" or (command, found.replace("\r", "")) == (command, said)
            if command.startswith("docker network create"):
                run(PEBBLE)
                eventually(lambda: run(ROOT), PATIENCE)
            if command == "docker logs certbot":
                eventually(partial(issued, run), PATIENCE)
