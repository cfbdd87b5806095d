"""deploy/swarm: the stack is what Docker's own client and the schema of Compose take."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from engines.swarm_api import engine

from entrykit.discovery.finder import load_role

HOME = Path(__file__).resolve().parents[2]
FOLDER = HOME / "deploy" / "swarm"
STACK = FOLDER / "stack.yaml"
SERVICES = yaml.safe_load(STACK.read_text())["services"]
ROLES = {"haproxy": "haproxy", "certbot": "certbot", "web": "nginx-static"}


def test_the_schema_of_compose_holds():
    check = Path(sys.executable).with_name("check-jsonschema")
    argv = [check, "--builtin-schema", "vendor.compose-spec", STACK]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def client(home, *words, **variables):
    """Run Docker's own client to its end."""
    docker = shutil.which("docker")
    assert docker, "no docker: install Debian's docker-cli or another client, no engine is needed"
    environ = {"PATH": os.environ["PATH"], "HOME": str(home)} | variables
    return subprocess.run(
        [docker, *words], env=environ, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def told(tmp_path):
    """What `docker stack deploy` would read: all that this client has to say about the file."""
    return client(tmp_path, "stack", "config", "--compose-file", STACK, IMAGES="entrykit")


@pytest.fixture
def deployed(tmp_path):
    """What `docker stack deploy` asks of an engine for each service: its ContainerSpec."""
    socket = tmp_path / "s"
    with engine(socket) as services:
        words = ("stack", "deploy", "--compose-file", STACK, "entrykit")
        done = client(tmp_path, "--host", f"unix://{socket}", *words, IMAGES="entrykit")
    assert done.returncode == 0, done.stderr
    tasks = {
        name.removeprefix("entrykit_"): each["TaskTemplate"] for name, each in services.items()
    }
    return {name: task["ContainerSpec"] for name, task in tasks.items()}


def in_memory(spec):
    return {each["Target"] for each in spec.get("Mounts", ()) if each["Type"] == "tmpfs"}


def test_all_that_is_written_is_asked_of_the_engine(deployed):
    """The client leaves out what a swarm has not, and says nothing: `tmpfs` of a service, so far.

    Without these folders the roots, which are read-only, would have no place for the files.
    """
    known = {"user": "User", "read_only": "ReadOnly", "cap_drop": "CapabilityDrop"}
    known |= {"sysctls": "Sysctls", "entrypoint": "Command"}

    assert deployed.keys() == SERVICES.keys()
    for name, service in SERVICES.items():
        spec = deployed[name]
        assert {key: spec[known[key]] for key in service.keys() & known} == {
            key: service[key] for key in service.keys() & known
        }
        assert "tmpfs" not in service
    assert in_memory(deployed["haproxy"]) == {"/usr/local/etc/haproxy"}
    assert in_memory(deployed["certbot"]) == {"/tmp", "/var/lib/letsencrypt"}
    assert in_memory(deployed["web"]) == {"/etc/nginx/entrykit"}


def test_docker_takes_it(told):
    assert (told.returncode, told.stderr) == (0, "")
    assert yaml.safe_load(told.stdout)["services"].keys() == SERVICES.keys()


def test_where_images_are_has_to_be_said(tmp_path):
    """A swarm would ask a public registry for entrykit/haproxy, which might be anybody's there.

    Docker 28 tells what is missing for the last variable of a text only, so here it is a reference
    that it cannot read.
    """
    with engine(tmp_path / "s") as services:
        words = ("stack", "deploy", "--compose-file", STACK, "entrykit")
        done = client(tmp_path, "--host", f"unix://{tmp_path}/s", *words)

    assert done.returncode != 0
    assert "invalid image reference" in done.stderr
    assert services == {}


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_is_root(name):
    service = SERVICES[name]

    assert not service["user"].startswith("0")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "docker.sock" not in str(service)


@pytest.mark.parametrize(("name", "role"), ROLES.items())
def test_variables_are_taken_without_a_warning(name, role, tmp_path):
    """Those of files hold what they would in a swarm."""
    (tmp_path / "thumbprint").write_text("LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ\n")
    (tmp_path / "password").write_text("secret\n")
    there = {
        "ACME_THUMBPRINT_FILE": tmp_path / "thumbprint",
        "DOMAINS_FILE": FOLDER / "domains.yaml",
        "STATS_PASSWORD_FILE": tmp_path / "password",
    }
    environ = {key: "" if "$" in text else text for key, text in service_environ(name).items()}
    environ |= {key: str(there[key]) for key in environ.keys() & there.keys()}
    warnings = []

    load_role(role).settings.from_environ(environ, warnings.append)

    assert warnings == []


def service_environ(name):
    return SERVICES[name]["environment"]
