"""deploy/registry: replicas on one storage behind HAProxy, and a backup of what is on a disk."""

from __future__ import annotations

import secrets
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme
from containers.asking import Client
from containers.composing import DEPLOY, Stack
from containers.engine import podman
from haproxy.polling import eventually
from haproxy.ports import free_port
from programs import Running, status
from registry.images import Carry, Skopeo, image
from registry.passwords import htpasswd

pytestmark = pytest.mark.containers

DOMAINS = "{registry: {port: 5000, replicas: 2, check: /, domains: [localhost]}}"
LOGIN = "alice:open sesame"
MOTO = Path(sys.executable).with_name("moto_server")
TAR = ("run", "--rm", "-T", "--no-deps", "registry", "tar", "-C", "/var/lib/registry")


class Registries(Stack):
    """The stack without certbot: the certificate is one of a root of its own."""

    def __init__(self, folder, evidence, **variables):
        self.port, self._folder = free_port(), folder
        self._root = trustme.CA()
        (folder / "trust").mkdir()
        self._root.cert_pem.write_to_path(folder / "trust/ca.crt")
        told = {
            "DOMAINS": DOMAINS,
            "HTTP": f"127.0.0.1:{free_port()}",
            "HTTPS": f"127.0.0.1:{self.port}",
            "USERS_FILE": self._secret("users", htpasswd(*LOGIN.split(":"))),
            "HTTP_SECRET_FILE": self._secret("http", secrets.token_hex()),
        }
        super().__init__(DEPLOY / "registry/compose.yaml", told | variables, evidence)

    def _secret(self, name, text):
        path = self._folder / name
        path.write_text(text)
        path.chmod(0o644)
        return str(path)

    @property
    def host(self):
        return f"localhost:{self.port}"

    def secure(self):
        """Put a certificate of our own into the volume, which makes the network as well."""
        pem = self._root.issue_cert("localhost").private_key_and_cert_chain_pem.bytes()
        write = ("sh", "-c", "umask 027; cat >/certs/registry.pem")
        self("run", "--rm", "-T", "--no-deps", "haproxy", *write, input=pem)

    def serve(self):
        """Start, and wait for the first answer."""
        self.up("haproxy", "registry")
        client = Client(self.port, self._root.cert_pem.bytes().decode())
        eventually(lambda: client.get("localhost")[0] == 200, 60)
        eventually(lambda: client.get("localhost", "/v2/")[0] == 401, 60)

    def words(self, side):
        """For skopeo, which is to trust that root, and to log in."""
        return [f"--{side}-cert-dir", self._folder / "trust", f"--{side}-creds", LOGIN]


@pytest.fixture
def carry(tmp_path):
    (tmp_path / "skopeo").mkdir()
    return Carry(Skopeo(tmp_path / "skopeo"), image(tmp_path / "image"), tmp_path / "out")


@contextmanager
def store(stack, folder):
    """A moto server in the stack's network, called s3, with a bucket `images`."""
    words = ["--network", f"{stack.project}_default", "--network-alias", "s3", "--init"]
    pod = podman("run", "--detach", *words, "docker.io/library/debian:trixie-slim", "sleep", "900")
    pid = podman("inspect", "--format", "{{.State.Pid}}", pod.stdout.strip()).stdout.strip()
    inside = ["nsenter", "--net", "--target", pid]
    argv = [*inside, MOTO, "-H", "0.0.0.0", "-p", "9000"]
    environ = {"PATH": "/usr/sbin:/usr/bin:/bin", "HOME": str(folder)}
    ask = [*inside, "curl", "-sS", "--noproxy", "*", "http://127.0.0.1:9000/images"]

    def asked(*words):
        done = subprocess.run([*ask, *words], capture_output=True, text=True, check=False)
        return done.stdout if done.returncode == 0 else ""

    try:
        with Running(argv, environ, folder / "moto.log") as moto:
            moto.comes(lambda: "images" in asked("-X", "PUT", "-o", "-", "-w", "%{url}"))
            yield asked
    finally:
        podman("rm", "--force", "--time", "0", pod.stdout.strip())


def said(container):
    done = podman("logs", container)
    return done.stdout + done.stderr


def test_two_replicas_on_one_bucket(tmp_path, evidence, carry):
    """An upload that goes to both of them in turns ends well, and outlives either."""
    keys = {}
    for name in ("access", "secret"):
        (tmp_path / name).write_text(f"a {name} key")
        keys[f"S3_{name.upper()}_KEY_FILE"] = str(tmp_path / name)
    bucket = {"S3_BUCKET": "images", "AWS_REGION": "us-east-1", "S3_ENDPOINT": "http://s3:9000"}
    more = bucket | keys | {"REDIRECT_DISABLE": "on"}
    with Registries(tmp_path, evidence, **more) as stack:
        stack.secure()
        with store(stack, tmp_path) as ask:
            stack.serve()
            replicas = stack.containers("registry")
            assert len(replicas) == 2
            for one in replicas:
                eventually(lambda one=one: 'GET / HTTP/1.1" 200' in said(one), 60)

            carry.into(stack, *stack.words("dest"))

            assert "docker/registry/v2/blobs" in ask()
            assert all("/blobs/uploads/" in said(one) for one in replicas)
            podman("stop", "--time", "1", replicas[0])
            eventually(lambda: carry.out_of(stack, *stack.words("src")) is None, 60)


def test_images_of_a_disk_are_restored(tmp_path, evidence, carry):
    """Backup and restore by the commands of docs/deploy.md; nobody is root."""
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with Registries(folders[0], evidence, REGISTRY_REPLICAS="1") as stack:
        stack.secure()
        stack.serve()
        carry.into(stack, *stack.words("dest"))
        own = status(stack.pid("registry"))
        assert "0" not in own["Uid"].split()
        assert {own[name] for name in ("CapPrm", "CapEff", "CapBnd")} == {"0" * 16}
        archive = stack(*TAR, "-cf", "-", ".").stdout

    with Registries(folders[1], evidence, REGISTRY_REPLICAS="1") as other:
        other(*TAR, "-xpf", "-", input=archive)
        other.secure()
        other.serve()
        carry.out_of(other, *other.words("src"))
