"""deploy/quadlet: the real generator's units, judged by systemd, and what they would execute."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from contextlib import ExitStack
from ipaddress import ip_address, ip_network
from secrets import token_hex

import pytest
from containers.engine import HOME, podman
from haproxy.client import ask, connect, written
from haproxy.polling import eventually
from haproxy.ports import free_port
from programs import DEADLINE

pytestmark = pytest.mark.containers

UNITS = HOME / "deploy" / "quadlet"
HOST = "localhost/entrykit-tests/systemd:trixie"
GENERATE = """\
mkdir /out
QUADLET_UNIT_DIRS=/units /usr/libexec/podman/quadlet -no-kmsg-log /out /out /out
systemd-analyze verify /out/*.service && cd /out && tail -n +1 *.service
"""


@pytest.fixture(scope="module")
def services():
    """Names of units to the text that the generator of podman 5 has made."""
    subprocess.run([HOME / "tools/stand-in", HOST], check=True, timeout=600)
    argv = ["run", "--rm", "--network", "none", "--volume", f"{UNITS}:/units:ro", HOST]
    done = podman(*argv, "sh", "-ec", GENERATE)
    assert done.stderr == ""  # neither has anything to complain about
    texts = re.split(r"^==> (\S+) <==$", done.stdout, flags=re.MULTILINE)[1:]
    return dict(zip(texts[::2], texts[1::2], strict=True))


def test_every_file_becomes_a_unit(services):
    made = {
        f"{path.stem}{'' if path.suffix == '.container' else path.suffix.replace('.', '-')}.service"
        for path in UNITS.iterdir()
        if path.suffix != ".env"
    }

    assert services.keys() == made


def executed(text):
    """The words after `podman` of what a unit executes."""
    (line,) = re.findall(r"^ExecStart=/usr/bin/podman (.*)$", text, re.MULTILINE)
    return shlex.split(line)


@pytest.mark.parametrize("name", ["haproxy", "certbot", "web"])
def test_nobody_is_root_and_bad_variables_are_not_tried_again(services, name):
    text = services[f"{name}.service"]
    words = executed(text)

    assert "RestartPreventExitStatus=64 65 78\n" in text
    assert {"--read-only", "--security-opt=no-new-privileges"} <= {*words}
    assert words[words.index("--cap-drop") + 1] == "all"
    assert not words[words.index("--user") + 1].startswith("0:")
    assert "/var/run/docker.sock" not in text


def test_haproxys_address_is_given_to_nobody_else(services):
    """Podman counts on with each start, also to the address of a HAProxy that is not up."""
    haproxy, network = (
        executed(services[f"{name}.service"]) for name in ("haproxy", "entrykit-network")
    )
    (web,) = re.findall(
        r"^Environment=.*TRUSTED_PROXIES=(\S+)", services["web.service"], re.MULTILINE
    )
    address = ip_address(haproxy[haproxy.index("--ip") + 1])

    assert web == f"{address}/32"
    assert address in ip_network(network[network.index("--subnet") + 1])
    assert address not in ip_network(network[network.index("--ip-range") + 1])


NEEDLESS = (
    *("--cidfile", "--cgroups", "--sdnotify"),  # for systemd
    "--ignore",  # podman 4.3 has not got that of `network create`
)


class Local:
    """The words of units with names, ports and folders of this test alone.

    The last are on loopback. Of systemd there is nothing here: no cgroup, no notification.
    """

    def __init__(self, folder):
        self.http = free_port()
        tag, third = token_hex(4), int.from_bytes(os.urandom(1)) % 100 + 100
        self.names = {name: f"{name}-{tag}" for name in ("entrykit", "haproxy", "certbot", "web")}
        self._texts = {
            "10.89.88.": f"10.89.{third}.",
            "entrykit-": f"entrykit-{tag}-",
            "/etc/entrykit/edge.env": f"{folder}/edge.env",
            "/srv/www": f"{folder}/www",
        }

    def words(self, words):
        """Return the words, without those that only systemd has a use for."""
        kept, last = [], ""
        for word in words:
            if last == "--publish":
                kept.pop()
                if word == "80:80":
                    kept += ["--publish", f"127.0.0.1:{self.http}:80"]
            elif not word.startswith(NEEDLESS):
                kept.append(self._local(word, last))
            last = word
        return kept

    def _local(self, word, last):
        if last in ("--name", "--network") or (word == "entrykit" and last != "run"):
            return self.names[word]
        if word.startswith("localhost/"):
            return word
        for text, other in self._texts.items():
            word = word.replace(text, other)
        return word


@pytest.mark.usefixtures("site")
def test_what_the_units_execute_serves(services, tmp_path):
    """Network, volumes and containers, by the commands of the generated units."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    local = Local(tmp_path)
    web = local.names["web"]
    (tmp_path / "edge.env").write_text(
        f"DOMAINS={web}:8080:example.com\nHTTPS_REDIRECT=off\nEMAIL=ops@example.com\n"
    )
    with ExitStack() as stack:
        for name in ("entrykit-network", "certs-volume", "haproxy-run-volume", "haproxy", "web"):
            words = local.words(executed(services[f"{name}.service"]))
            words = [f"NGINX_APP={web}" if word == "NGINX_APP=web" else word for word in words]
            stack.callback(remove, words)
            podman(*words)

        def answer():
            with connect(local.http) as connection:
                return ask(connection, written("example.com", "/hello.txt"))

        eventually(lambda: answer().status == 200, DEADLINE)
        assert answer().body == b"hello from a volume\n"


def remove(words):
    """Remove what a command has made."""
    if words[0] == "run":
        podman("rm", "--force", "--time", "0", words[words.index("--name") + 1], check=False)
    else:
        podman(words[0], "rm", "--force", words[-1], check=False)


def test_the_variables_of_the_example_are_all_there_is_to_set():
    """The units name one file, which is beside them."""
    for path in UNITS.glob("*.container"):
        assert re.findall(r"^EnvironmentFile=(.*)$", path.read_text(), re.MULTILINE) == [
            "/etc/entrykit/edge.env"
        ]
    assert "DOMAINS=web:8080:" in (UNITS / "edge.env").read_text()
