"""What an image gets on top of its base: small, compiled, the same each time, and nothing else."""

from __future__ import annotations

import gzip
import io
import re
import socket
import subprocess
import tarfile
from pathlib import Path
from signal import Signals

import pytest
from containers.engine import ENGINE, HOME, config_of, layers_of, podman
from containers.rows import BOOKWORM, HAPROXY, NGINX, ROLES, SERVERS, TAGS, marks
from haproxy.polling import eventually
from haproxy.ports import free_port
from image_data.listing import images, names

import entrykit

pytestmark = pytest.mark.containers

MOST = 10_000_000  # bytes, compressed
KEPT = ("Cmd", "StopSignal", "WorkingDir", "Env", "Volumes")
RECIPE = f"{HOME}/images/{{}}/Dockerfile"
BUILD = ("build", "--quiet", "--no-cache", "--network", "none", "--format", "docker")
BUILD += ("--timestamp", "315532800")
OCI = ("title", "description", "version", "licenses")
# Those whose base is the daemon's own image; the others are Debian's with a package.
BASED = [row for row in ROLES.values() if row.role_image.package is None]
PACKAGED = [row for row in ROLES.values() if row.role_image.package]
IMAGES = names()
DAEMONS = [*ROLES]
EACH = [
    *DAEMONS,
    *(
        pytest.param(f"{row.name}:alpine", marks=pytest.mark.alpine)
        for row in ROLES.values()
        if row.on_alpine
    ),
]
LIBRARY = "docker.io/library"
ALONE = images()["entrykit"]
BUILT_FROM = {
    "": (ALONE.base.image, f"{LIBRARY}/python:3.13-slim-bookworm"),
    ":alpine": (ALONE.bases.alpine, f"{LIBRARY}/python:3.13-alpine"),
}


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


@pytest.fixture(scope="module", params=[*TAGS, BOOKWORM])
def layer(request):
    return files_of(f"localhost/entrykit/entrykit{request.param}")


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
        if "/entrykit/discovery/skeleton/" in name:
            continue  # what people get of `entrykit new-role`
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


@pytest.mark.parametrize("tag", TAGS)
def test_it_writes_a_role_to_begin_with(tag):
    """Whose sources are text, where all else is compiled."""
    script = "entrykit new-role mine /tmp/new && ENTRYKIT_ROLES_PATH=/tmp/new entrykit render mine"
    options = ("--rm", "--network", "none", "--entrypoint", "sh")
    done = podman("run", *options, f"localhost/entrykit/entrykit{tag}", "-c", script)

    assert "/tmp/new/mine/role.py\n" in done.stdout
    assert "Hello from mine" in done.stdout


@pytest.mark.parametrize("tag", TAGS)
def test_all_images_share_it(tag):
    """A machine that has several of them, with one libc, stores and pulls the layer once."""
    rows = [row.on_alpine if tag else row for row in SERVERS]
    first = {layers_of(row.image)[len(layers_of(row.bare))] for row in rows}

    assert len(first) == 1


@pytest.mark.parametrize("tag", TAGS)
def test_two_builds_give_the_same_layers(tag):
    """Same inputs, same digests: nothing in a layer depends on when it was built."""
    image = f"localhost/entrykit/entrykit{tag}"
    before = layers_of(image)
    base, python = BUILT_FROM[tag]
    arguments = ("--build-arg", f"BASE={base}", "--build-arg", f"PYTHON={python}")
    again = ("--tag", f"entrykit/again{tag}", "--file", RECIPE.format("entrykit"))
    podman(*BUILD, *arguments, *again, HOME, timeout=300)

    assert layers_of(image.replace("entrykit/entrykit", "entrykit/again")) == before


@pytest.mark.parametrize("name", [row.name for row in BASED])
def test_what_is_on_top_is_the_same_as_well(name, tmp_path):
    """Built anew, but for the layer that all of them have: that is taken from another image."""
    recipe = Path(RECIPE.format(name)).read_text()
    made = recipe[recipe.index("FROM ${PYTHON}") : recipe.index("RUN PYTHONHASHSEED")]
    text = recipe.replace(made, "FROM localhost/entrykit/entrykit AS layer\nUSER root\n")
    text = re.sub(r"^RUN PYTHONHASHSEED.*\n", "", text, flags=re.MULTILINE)
    (tmp_path / "Dockerfile").write_text(text)
    podman(*BUILD, "--tag", f"entrykit/again-{name}", tmp_path, timeout=300)

    assert layers_of(f"localhost/entrykit/again-{name}") == layers_of(f"localhost/entrykit/{name}")


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        pytest.param(f"{row.name}{row.tag}", row.bare, marks=marks(row))
        for based in BASED
        for row in (based, based.on_alpine)
        if row
    ],
)
def test_the_bases_own_ways_are_kept(name, bare):
    """CMD, USER, STOPSIGNAL, WORKDIR, VOLUME and variables are the base's; ports are added."""
    ours, bases = config_of(f"localhost/entrykit/{name}"), config_of(bare)

    assert {key: ours.get(key) for key in KEPT} == {key: bases.get(key) for key in KEPT}
    assert (ours.get("User") or "root") == (bases.get("User") or "root")
    assert set(bases.get("ExposedPorts") or ()) <= set(ours["ExposedPorts"])
    assert ours["Entrypoint"] == ["entrykit", name.partition(":")[0]]


@pytest.mark.parametrize("row", PACKAGED, ids=lambda row: row.name)
def test_what_is_packaged_says_itself_how_it_runs(row):
    """Debian's shell is not its command, nor is its signal Debian's to say."""
    config, own = config_of(row.image), row.role_image.own

    assert (config["Entrypoint"], config["Cmd"]) == (["entrykit", row.name], own.command)
    assert config["StopSignal"] in (own.stopsignal, str(int(Signals[own.stopsignal])))
    assert not config.get("User")


@pytest.mark.parametrize("name", DAEMONS)
def test_a_look_at_the_health_starts_no_python(name):
    """It happens every few seconds, for as long as the container lives."""
    kind, command = config_of(f"localhost/entrykit/{name}")["Healthcheck"]["Test"]

    assert kind == "CMD-SHELL"
    assert not {"python", "entrykit "} & {*command.split()}
    if "/opt/entrykit/bin/" in command:
        assert command.count("/opt/entrykit/bin/healthy ") == command.count("/opt/entrykit") == 1
        assert (HOME / "tools/in-image/healthy").read_text().startswith("#!/bin/sh\n")


@pytest.mark.parametrize("name", IMAGES)
def test_labels_of_oci(name):
    """What it is, which version, under which licence."""
    labels = config_of(f"localhost/entrykit/{name}")["Labels"]
    told = {title: labels[f"org.opencontainers.image.{title}"] for title in OCI}

    assert told["title"] == ("entrykit" if name == "entrykit" else f"entrykit {name}")
    assert told["version"] == entrykit.__version__
    assert told["licenses"] == "MIT"
    assert told["description"]


@pytest.mark.parametrize("name", EACH)
def test_labels(name, tmp_path):
    """INSTALL writes a unit and variables for the host, UNINSTALL takes the unit away again."""
    image = f"localhost/entrykit/{name}"
    role, _, tag = name.partition(":")
    run_label("install", image, tmp_path)
    unit = (tmp_path / "systemd/system/edge.service").read_text()
    variables = tmp_path / "entrykit/edge.env"
    assert variables.stat().st_mode & 0o777 == 0o600
    lines = variables.read_text().split("\n")
    assert "#CONFIG_DIR=" in "\n".join(lines)
    assert all(line.startswith("#") for line in lines if line)
    assert "--name edge " in unit
    assert " --env-file /etc/entrykit/edge.env --" in unit
    assert unit.count(f"entrykit/{role}:{tag or 'latest'}\n") >= 1
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
    finally:
        podman("rm", "--force", "--ignore", "--time", "0", "edge")
        podman("volume", "rm", "--force", "entrykit-certs", check=False)


@pytest.mark.parametrize(
    ("role", "disk", "said", "left"),
    [
        ("no-such", "", "unknown role", []),
        ("registry", ":size=4k", "No space left on device", []),
        ("haproxy", ":size=4k", "No space left on device", ["/host/entrykit/edge.env"]),
    ],
)
def test_files_of_the_host_are_written_whole_or_not_at_all(role, disk, said, left):
    """An empty one would be taken for a person's own by the next try, or started by systemd."""
    unit = f"/opt/entrykit/bin/unit install {role} edge {HAPROXY.image}"
    done = podman(
        *("run", "--rm", "--network", "none", "--user", "0", "--tmpfs", f"/host{disk}"),
        *("--entrypoint", "sh", HAPROXY.image),
        *("-c", f"{unit} && echo done; find /host -type f"),
    )

    assert done.stdout.split() == left
    assert said in done.stderr


def test_the_label_run_starts_a_container(tmp_path):
    """With the variables of the role's file, and options of one's own."""
    (tmp_path / "entrykit").mkdir()
    (tmp_path / "entrykit/nginx-static.env").write_text("DOMAINS=example.com\nHTTP_PORT=8081\n")
    port = free_port()
    words = label("run", NGINX.image, container="labelled")
    words = [word.replace("/etc/entrykit", f"{tmp_path}/entrykit") for word in words]
    words[words.index("8080:8080")] = f"127.0.0.1:{port}:8081"
    try:
        podman(*words)
        eventually(lambda: socket.create_connection(("127.0.0.1", port), 5).close() is None, 30)
        eventually(
            lambda: podman("healthcheck", "run", "labelled", check=False).returncode == 0, 30
        )
    finally:
        podman("rm", "--force", "--ignore", "--time", "0", "labelled")
        podman("volume", "rm", "--force", "entrykit-www", check=False)


def test_words_of_ones_own_go_into_the_unit(tmp_path):
    """What comes after `--` is podman's, before the image."""
    run_label("install", HAPROXY.image, tmp_path, "--network", "apps")

    unit = (tmp_path / "systemd/system/edge.service").read_text()
    assert f" --network apps {HAPROXY.image}:latest\n" in unit


def label(name, image, *more, container="edge"):
    """The words after `podman` of a label, as runlabel would run them."""
    argv = ["container", "runlabel", "--display", "--name", container, name, image, "--", *more]
    return podman(*argv).stdout.split("command: podman ")[1].split()


def run_label(name, image, etc, *more):
    """Run the command that runlabel would, with another folder in the place of /etc."""
    podman(*(word.replace("/etc:/host", f"{etc}:/host") for word in label(name, image, *more)))
