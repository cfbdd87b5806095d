"""deploy/ by Docker's own Compose, which talks to podman's service in the place of Docker."""

from __future__ import annotations

import os
import subprocess

import pytest
from containers.composing import DEPLOY, stand_in
from containers.engine import ENGINE, HOME
from containers.trial import PEBBLE, Trial, served
from haproxy.polling import eventually
from programs import Running

pytestmark = pytest.mark.containers

FILES = sorted(DEPLOY.glob("**/compose.yaml"))


@pytest.fixture(scope="module")
def compose():
    """The path of the program, of Debian 13."""
    argv = [HOME / "tools/daemon-release", "docker-compose", "trixie"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def config(compose, folder, *files):
    """Have it judge the files with the variables of example.env."""
    words = [word for name in files for word in ("-f", name)]
    argv = [compose, "--env-file", "example.env", *words, "config", "--quiet"]
    environ = {"PATH": os.environ["PATH"]}
    return subprocess.run(
        argv, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_it_takes_the_file_with_the_variables_of_the_example(compose, path):
    """And has nothing to say about a variable that is not there."""
    done = config(compose, path.parent, path.name)

    assert (done.returncode, done.stderr) == (0, "")


def test_it_takes_the_hub_with_a_baked_policy(compose):
    done = config(compose, DEPLOY / "cf-serverd", "compose.yaml", "baked.yaml")

    assert (done.returncode, done.stderr) == (0, "")


def test_without_domains_there_is_no_stack(compose, tmp_path):
    (tmp_path / "example.env").write_text("EMAIL=me@example.com\n")
    (tmp_path / "compose.yaml").write_text((DEPLOY / "compose.yaml").read_text())

    done = config(compose, tmp_path, "compose.yaml")

    assert done.returncode
    assert "DOMAINS" in done.stderr


def test_from_empty_volumes_to_trusted_answers(compose, tmp_path, evidence):
    """The same file, the same try.env."""
    stand_in(*PEBBLE)
    socket = tmp_path / "docker.sock"
    argv = [ENGINE, "system", "service", "--time", "0", f"unix://{socket}"]
    with Running(argv, os.environ, tmp_path / "service.log") as service:
        service.comes(socket.exists)
        trial = Trial(evidence, DOCKER_HOST=f"unix://{socket}", IMAGES="localhost/entrykit")
        trial.program = (compose,)
        with trial:
            trial.up()
            client = trial.client()
            eventually(lambda: served(client), 60)
            assert trial.orders() == 1
