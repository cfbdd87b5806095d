"""tasks.<service>, the name of all tasks of a service in a swarm: several addresses of one name."""

from __future__ import annotations

from contextlib import ExitStack
from secrets import token_hex

import pytest
import yaml
from containers.engine import HOME, Container, podman
from haproxy.client import ask, connect, written
from haproxy.ports import free_port

pytestmark = pytest.mark.containers

FOLDER = HOME / "deploy" / "swarm"
SERVICES = yaml.safe_load((FOLDER / "stack.yaml").read_text())["services"]
DOMAINS = {"/run/domains.yaml:ro": FOLDER / "domains.yaml"}


@pytest.fixture
def network():
    name = f"swarm-{token_hex(4)}"
    podman("network", "create", name)
    yield name
    podman("network", "rm", "--force", name, check=False)


def options(service, network):
    """The options of a service that podman has as well."""
    words = ["--network", network, "--user", service["user"], "--read-only", "--cap-drop", "ALL"]
    in_memory = (each for each in service["volumes"] if isinstance(each, dict))
    return [*words, *(word for each in in_memory for word in ("--tmpfs", each["target"]))]


def environ(service, **more):
    return {key: text for key, text in service["environment"].items() if "$" not in text} | more


def test_every_task_is_used_as_it_comes_and_goes(network, tmp_path, evidence):
    """Each request goes to a task that is there, with no word to HAProxy about any of them."""
    port = free_port()
    thumbprint = tmp_path / "thumbprint"
    thumbprint.write_text("LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ\n")
    password = tmp_path / "password"
    password.write_text("secret\n")
    for path in (tmp_path, *tmp_path.parents[:2]):
        path.chmod(0o755)
    web = [
        Container(
            "localhost/entrykit/nginx-static",
            options=[*options(SERVICES["web"], network), "--network-alias", "tasks.web"],
            environ=environ(SERVICES["web"], NGINX_HEADERS=f'{{"X-Task": "{number}"}}'),
            volumes=DOMAINS | {"/www/example.com:ro": page(tmp_path)},
            evidence=evidence,
        )
        for number in range(3)
    ]
    haproxy = Container(
        "localhost/entrykit/haproxy",
        options=[
            *options(SERVICES["haproxy"], network),
            *("--sysctl", "net.ipv4.ip_unprivileged_port_start=0", "--volume", "/run/haproxy"),
        ],
        environ=environ(SERVICES["haproxy"], HTTPS_REDIRECT="off"),
        volumes=DOMAINS
        | {"/certs/thumbprint:ro": thumbprint, "/run/secrets/stats-password:ro": password},
        ports={80: port},
        evidence=evidence,
    )

    def tasks():
        """Which tasks answer a dozen requests."""
        return {asked(port).headers["X-Task"] for _ in range(12)}

    with haproxy, ExitStack() as stack:
        stack.enter_context(web[0])
        stack.enter_context(web[1])
        haproxy.comes(lambda: tasks() == {"0", "1"})
        with web[2]:
            haproxy.comes(lambda: tasks() == {"0", "1", "2"})
        haproxy.comes(lambda: tasks() == {"0", "1"})


def page(folder):
    site = folder / "site"
    site.mkdir(exist_ok=True)
    (site / "index.html").write_text("a page\n")
    return site


def asked(port):
    with connect(port) as connection:
        answer = ask(connection, written("example.com"))
    assert answer.status == 200
    return answer
