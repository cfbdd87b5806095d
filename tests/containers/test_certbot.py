"""The image of certbot: as any user, on any root, it orders and delivers a certificate."""

from __future__ import annotations

import ssl

import pytest
from certbot.pebble import Pebble
from containers.engine import Container, podman
from containers.keepers import reached
from containers.rows import ANY, ROLES, TAGS
from programs import children, status

pytestmark = pytest.mark.containers

IMAGE = "localhost/entrykit/certbot"
ROW = ROLES["certbot"]
BARE = {"": ROW.bare, ":alpine": ROW.on_alpine.bare}
LOOKED = "the next round"
ROOT_NEEDS = ROW.role_image.daemon.capabilities


@pytest.fixture
def pebble(tmp_path):
    with Pebble(tmp_path / "pebble") as pebble:
        tmp_path.chmod(0o755)
        yield pebble


def options_for(user, *, writable):
    options = ["--network", "host", "--cap-drop", "ALL", "--user", user]
    if user == "root":
        options += [word for name in ROOT_NEEDS for word in ("--cap-add", name)]
    if not writable:
        options += ["--read-only", "--read-only-tmpfs=false", "--tmpfs", "/tmp"]
    return options


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("writable", [True, False], ids=["writable", "read-only"])
@pytest.mark.parametrize("user", ["root", "99:99", ANY])
def test_any_user_on_any_root(pebble, tmp_path, evidence, user, writable, tag):  # noqa: PLR0913, PLR0917 -- a table
    """It orders and delivers; PID 1 is the keeper, with no child left, and obeys signals."""
    volumes = {"/bundle.pem:ro": pebble.bundle}
    for inside in ("/certs", "/etc/letsencrypt", "/var/lib/letsencrypt"):
        folder = tmp_path / inside.strip("/").replace("/", "-")
        folder.mkdir()
        folder.chmod(0o777)
        volumes[inside] = folder
    pebble.bundle.chmod(0o644)
    group = {} if user != ANY else {"CERTS_GROUP": "0"}
    with Container(
        IMAGE + tag,
        options=options_for(user, writable=writable),
        environ=reached(pebble, **group),
        volumes=volumes,
        evidence=evidence,
    ) as container:
        pem = tmp_path / "certs/web.pem"
        container.comes(pem.exists)
        (tmp_path / "copy.pem").write_text(pem.read_text())
        names = ssl._ssl._test_decode_cert(str(tmp_path / "copy.pem"))["subjectAltName"]
        assert names == (("DNS", "example.com"),)
        pid = container.pid
        container.comes(lambda: not children(pid))
        assert status(pid)["Name"].startswith("python3")
        assert container.is_healthy()

        looks = container.log.count(LOOKED)
        container.kill("SIGHUP")
        container.comes(lambda: container.log.count(LOOKED) > looks)
        assert container.pid == pid

        podman("stop", "--time", "10", container.id)
        assert container.ended() == 0


@pytest.mark.parametrize("tag", TAGS)
def test_certbots_own_python_and_version_are_the_bases(tag):
    ask = ("sh", "-c", "id; certbot --version")
    options = ("--rm", "--network", "none")
    done = podman("run", *options, IMAGE + tag, *ask)
    bare = podman("run", *options, "--entrypoint", "sh", BARE[tag], *ask[1:])

    assert done.stdout == bare.stdout
