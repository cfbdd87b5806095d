"""What an image gets on top of its base: small, compiled, the same each time, and nothing else."""

from __future__ import annotations

import gzip
import io
import re
import subprocess
import tarfile

import pytest
from containers.engine import ENGINE, HOME, config_of, layers_of, podman
from containers.rows import HAPROXY, SERVERS, each
from haproxy.polling import eventually

pytestmark = pytest.mark.containers

MOST = 10_000_000  # bytes, compressed
KEPT = ("Cmd", "StopSignal", "WorkingDir", "Env", "Volumes")
IMAGES = sorted(path.parent.name for path in HOME.glob("images/*/Dockerfile"))


def files_of(image):
    """What `image` adds to its base: path to content, of files only."""
    made = podman("create", image).stdout.strip()
    argv = [ENGINE, "export", made]
    data = subprocess.run(argv, capture_output=True, timeout=60, check=True).stdout
    podman("rm", made)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        inside = [each for each in archive if each.name.startswith("opt/entrykit")]
        return {
            each.name: archive.extractfile(each).read() if each.isfile() else None
            for each in inside
        }


@pytest.fixture(scope="module")
def layer():
    return files_of("localhost/entrykit/entrykit")


def test_no_more_than_10_mb(layer):
    """Compressed as a registry has it, by gzip."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in layer.items():
            member = tarfile.TarInfo(name)
            member.size = len(content or b"")
            archive.addfile(member, io.BytesIO(content or b""))
    assert len(gzip.compress(buffer.getvalue(), 6)) < MOST


def test_nothing_that_a_start_has_no_use_for(layer):
    """No sources, no pip, no compiler's files, no tests, no caches but the templates'."""
    assert any(name.endswith("/argparse.pyc") for name in layer)
    for name in layer:
        assert not name.endswith((".py", ".pyi", ".h", ".a", ".c"))
        assert "pip" not in name.split("/")
        assert not {"test", "tests", "testing"} & set(name.split("/"))
        assert not re.search(r"/test(_\w*)?\.\w+$", name)
        assert "__pycache__" not in name or "/templates/__pycache__" in name


def test_templates_are_compiled(layer):
    """A start on a read-only root does not compile them each time."""
    templates = [name for name in layer if name.endswith((".cfg.j2", ".conf.j2"))]
    compiled = [name for name in layer if "/templates/__pycache__/" in name]
    assert templates
    assert len(compiled) >= len([name for name in templates if "/_" not in name])


def test_all_images_share_it():
    """A machine that has several of them stores and pulls the layer once."""
    first = {layers_of(row.image)[len(layers_of(row.bare))] for row in SERVERS}

    assert len(first) == 1


def test_two_builds_give_the_same_layers():
    """Same inputs, same digests: nothing in a layer depends on when it was built."""
    before = layers_of("localhost/entrykit/entrykit")
    build = ["build", "--quiet", "--no-cache", "--network", "none", "--format", "docker"]
    build += ["--build-arg", "PYTHON=docker.io/library/python:3.13-slim-bookworm"]
    build += ["--timestamp", "315532800", "--tag", "entrykit/again"]
    podman(*build, "--file", HOME / "images/entrykit/Dockerfile", HOME, timeout=300)

    assert layers_of("localhost/entrykit/again") == before


@pytest.mark.parametrize("row", each(SERVERS))
def test_the_bases_own_ways_are_kept(row):
    """CMD, USER, STOPSIGNAL, WORKDIR, VOLUME and variables are the base's; ports are added."""
    ours, bases = config_of(row.image), config_of(row.bare)

    assert {key: ours.get(key) for key in KEPT} == {key: bases.get(key) for key in KEPT}
    assert (ours.get("User") or "root") == (bases.get("User") or "root")
    assert set(bases.get("ExposedPorts") or ()) <= set(ours["ExposedPorts"])
    assert ours["Entrypoint"] == ["entrykit", row.name]


@pytest.mark.parametrize("name", [name for name in IMAGES if name != "entrykit"])
def test_labels(name, tmp_path):
    """INSTALL writes a unit and variables for the host, UNINSTALL takes the unit away again."""
    image = f"localhost/entrykit/{name}"
    assert config_of(image)["Labels"]["org.opencontainers.image.title"] == f"entrykit {name}"

    run_label("install", image, tmp_path)
    unit = (tmp_path / "systemd/system/edge.service").read_text()
    variables = tmp_path / "entrykit/edge.env"
    assert variables.stat().st_mode & 0o777 == 0o600
    lines = variables.read_text().split("\n")
    assert "#CONFIG_DIR=" in "\n".join(lines)
    assert all(line.startswith("#") for line in lines if line)
    assert "--name edge " in unit
    assert " --env-file /etc/entrykit/edge.env --" in unit
    assert unit.count(f"{image}:latest\n") >= 1
    variables.write_text("DOMAINS=mine")

    run_label("install", image, tmp_path)
    assert variables.read_text() == "DOMAINS=mine"
    run_label("uninstall", image, tmp_path)
    assert not (tmp_path / "systemd/system/edge.service").exists()
    assert variables.exists()


def test_the_units_command_starts_a_container(tmp_path):
    """What systemd would execute, with another folder in the place of /etc."""
    run_label("install", HAPROXY.image, tmp_path)
    (tmp_path / "entrykit/edge.env").write_text("DOMAINS=web:example.com\n")
    unit = (tmp_path / "systemd/system/edge.service").read_text()
    (command,) = re.findall(r"^ExecStart=/usr/bin/podman (.*)$", unit, re.MULTILINE)
    words = command.replace("/etc/entrykit", f"{tmp_path}/entrykit").split()
    ports = [number for number, word in enumerate(words) if word == "--publish"]
    kept = [word for number, word in enumerate(words) if not {number, number - 1} & {*ports}]
    try:
        podman(*kept)
        eventually(lambda: podman("healthcheck", "run", "edge", check=False).returncode == 0, 30)
        podman("stop", "--ignore", "edge")
    finally:
        podman("rm", "--force", "--ignore", "edge")
        podman("volume", "rm", "--force", "entrykit-certs", check=False)


def test_words_of_ones_own_go_into_the_unit(tmp_path):
    """What comes after `--` is podman's, before the image."""
    run_label("install", HAPROXY.image, tmp_path, "--network", "apps")

    unit = (tmp_path / "systemd/system/edge.service").read_text()
    assert f" --network apps {HAPROXY.image}:latest\n" in unit


def run_label(label, image, etc, *more):
    """Run the command that runlabel would, with another folder in the place of /etc."""
    argv = ["container", "runlabel", "--display", "--name", "edge", label, image, "--", *more]
    shown = podman(*argv)
    words = shown.stdout.split("command: podman ")[1].split()
    podman(*(word.replace("/etc:/host", f"{etc}:/host") for word in words))
