"""tools/bundle: one archive, which starts with no network, and not at all once tampered with."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile

import pytest
from containers.composing import COMPOSE, network
from containers.engine import ENGINE, HOME
from haproxy.ports import free_port

pytestmark = pytest.mark.containers

IMAGES = ("certbot", "haproxy", "nginx-static")
# Loopback is all there is, and the engine has nothing but what the archive brings.
ALONE = """
trap '"$ENGINE" rm --force --all --time 0 >/dev/null' EXIT
ip link set lo up
mount -t tmpfs tmpfs /run
if ip route | grep . || "$ENGINE" image exists localhost/entrykit/haproxy; then exit 1; fi
./start
until curl -sS --noproxy '*' -H 'Host: one.example' "http://$HTTP/" | grep Site; do
    [ $SECONDS -lt 120 ] || exit 1
done
"""
PRIVATE = "--root {0}/root --runroot /run/alone --tmpdir {0}/tmp --network-config-dir {0}/net"
SUMS = "find . -type f ! -name SHA256SUMS | sort | xargs sha256sum >SHA256SUMS"


@pytest.fixture
def bundle(tmp_path):
    """The archive with the images of the stack; hundreds of megabytes, which do not stay."""
    folder = tmp_path / "dist"
    environ = {**os.environ, "BUNDLE_DIR": str(folder)}
    made = [HOME / "tools/bundle", *IMAGES]
    subprocess.run(made, env=environ, check=True, capture_output=True, timeout=300)
    yield folder
    for path in tmp_path.iterdir():
        shutil.rmtree(path, ignore_errors=True)


def test_it_starts_without_a_network(bundle, tmp_path):
    """With the namespace cut from every network: images are loaded, a site is served."""
    subprocess.run("sha256sum --check *.sha256", shell=True, cwd=bundle, check=True)
    (archive,) = bundle.glob("*.tar")
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path / "unpacked", filter="fully_trusted")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    told = {
        "COMPOSE_PROJECT_NAME": "alone",
        "DOMAINS": "web:8080:one.example",
        "WWW": "./pebble/www",
        "HTTP": f"127.0.0.1:{free_port()}",
        "HTTPS": f"127.0.0.1:{free_port()}",
        "HTTPS_REDIRECT": "off",
        "NETWORK": network(),
    }
    lines = "".join(f"{name}={value}\n" for name, value in told.items())
    (unpacked / "deploy/.env").write_text(lines)
    engine = tmp_path / "podman"
    options = PRIVATE.format(tmp_path / "engine")
    engine.write_text(f'#!/bin/sh\nexec {ENGINE} {options} "$@"\n')
    engine.chmod(0o755)
    environ = {
        "PATH": os.environ["PATH"],
        "ENGINE": str(engine),
        "COMPOSE": f"{COMPOSE} --podman-path {engine}",
        "HTTP": told["HTTP"],
    }
    argv = ["unshare", "--net", "--mount", "bash", "-euo", "pipefail", "-c", ALONE]
    done = subprocess.run(
        argv, cwd=unpacked, env=environ, capture_output=True, text=True, timeout=400, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("Site one\n")


@pytest.fixture
def clone(tmp_path):
    """What tools/bundle needs of a clone, and an engine that saves next to nothing."""
    folder = tmp_path / "clone"
    for name in ("deploy", "images", "tools/in-bundle"):
        shutil.copytree(HOME / name, folder / name, ignore=shutil.ignore_patterns(".env"))
    for name in ("tools/bundle", "entrykit/__init__.py"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(HOME / name, folder / name)
    engine = folder / "engine"
    engine.write_text('#!/bin/sh\necho images >"$3"\n')
    engine.chmod(0o755)
    for words in (("init", "--quiet"), ("add", "deploy")):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


# Under the strictest umask, as for a backup.
BUNDLE = ["sh", "-c", "umask 077 && tools/bundle"]


@pytest.mark.parametrize(
    "name", ["backup.tar", ".env", "kubernetes/registry/s3-secret-key", "registry/secrets/http"]
)
def test_what_is_of_this_machine_is_not_bundled(clone, name):
    """The page has backups made in deploy/, and they have private keys in them."""
    (clone / "deploy" / name).parent.mkdir(exist_ok=True)
    (clone / "deploy" / name).write_text("private")
    environ = {"PATH": os.environ["PATH"], "ENGINE": "./engine"}
    subprocess.run(BUNDLE, cwd=clone, env=environ, check=True, capture_output=True)

    (archive,) = (clone / "dist").glob("*.tar")
    with tarfile.open(archive) as tar:
        bundled = {path.partition("/")[2] for path in tar.getnames()}

    assert {"start", "SHA256SUMS", "images.tar", "deploy/compose.yaml"} <= bundled
    assert f"deploy/{name}" not in bundled


def test_whoever_unpacks_it_reads_it(clone):
    """Folders can be entered, by containers as well, whatever the umask was."""
    environ = {"PATH": os.environ["PATH"], "ENGINE": "./engine"}
    subprocess.run(BUNDLE, cwd=clone, env=environ, check=True, capture_output=True)

    (archive,) = (clone / "dist").glob("*.tar")
    with tarfile.open(archive) as tar:
        modes = {(each.isdir() or each.name.endswith("/start"), each.mode) for each in tar}

    assert modes == {(True, 0o755), (False, 0o644)}


@pytest.fixture
def small(tmp_path):
    """What an archive unpacks to, with a small file in the place of the images."""
    shutil.copytree(HOME / "deploy", tmp_path / "deploy", ignore=shutil.ignore_patterns(".env"))
    shutil.copy(HOME / "tools/in-bundle/start", tmp_path)
    (tmp_path / "IMAGES").write_text("localhost/entrykit\n")
    (tmp_path / "images.tar").write_text("images")
    subprocess.run(SUMS, shell=True, cwd=tmp_path, check=True)
    shutil.copy(HOME / "deploy/example.env", tmp_path / "deploy/.env")
    return tmp_path


def started(folder, *words):
    """Run `start` with an engine that only tells: exit code, what was said."""
    script = '#!/bin/sh\necho "engine $*, in ${PWD##*/}"\n'
    engine = folder.with_name("talks")
    engine.write_text(script)
    engine.chmod(0o755)
    environ = {"PATH": os.environ["PATH"], "ENGINE": str(engine), "COMPOSE": str(engine)}
    done = subprocess.run(
        [folder / "start", *words], env=environ, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_what_is_whole_is_loaded_and_started(small):
    """Also with files of one's own."""
    mine = ("www/example.com/index.html", "secrets/password", "registry/.env", "backup.tar",
            "cf-serverd/masterfiles/promises.cf")  # fmt: skip
    for name in mine:
        path = small / "deploy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")

    code, said = started(small)

    assert code == 0
    assert said.startswith("engine load --quiet --input images.tar, in ")
    assert said.endswith("\nengine up -d, in deploy\n")


def test_another_stack_is_named(small):
    (small / "deploy/registry/.env").write_text("DOMAINS=registry:5000:example.com\n")

    assert started(small, "registry")[1].endswith("\nengine up -d, in registry\n")


@pytest.mark.parametrize(
    "words", [("kubernetes",), ("swarm",), ("no-such",), ("",), ("..",), ("-h",), ("registry", "x")]
)
def test_what_compose_does_not_bring_up_is_told_apart(small, words):
    """Nothing is loaded; what may be started is named, and whom the other folders are for."""
    code, said = started(small, *words)

    assert code == 64
    stacks = sorted(path.parent.name for path in HOME.glob("deploy/*/compose.yaml"))
    assert said.startswith(f"usage: ./start [{'|'.join(stacks)}]\n")
    assert "deploy/kubernetes is for `kubectl apply --kustomize`" in said


def changed(path):
    path.write_text(path.read_text() + "#")


def without_its_line(path):
    sums = path.parents[1] / "SHA256SUMS"
    lines = sums.read_text().splitlines(keepends=True)
    changed(path)
    sums.write_text("".join(line for line in lines if path.name not in line))


def linked(path):
    path.symlink_to("/dev/null")


@pytest.mark.parametrize(
    ("name", "tampered"),
    [
        ("images.tar", changed),
        ("deploy/compose.yaml", changed),
        ("deploy/compose.yaml", os.unlink),
        ("deploy/compose.yaml", without_its_line),
        ("deploy/compose.override.yaml", linked),
        ("deploy/cf-serverd/compose.override.yaml", linked),
        ("SHA256SUMS", os.truncate),
    ],
)
def test_what_was_tampered_with_is_refused(small, name, tampered):
    """Nothing is loaded, and the file is named."""
    tampered(small / name, *([0] if tampered is os.truncate else []))

    code, said = started(small)

    assert code == 65
    assert "engine" not in said
    assert name in said


def test_variables_have_to_be_there(small):
    (small / "deploy/.env").unlink()

    code, said = started(small)

    assert code == 65
    assert "copy deploy/example.env to deploy/.env" in said
