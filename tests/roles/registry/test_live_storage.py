"""Images are pushed and pulled with every kind of storage."""

from __future__ import annotations

import subprocess

import pytest
from haproxy.ports import free_port
from programs import ENTRYKIT, Running
from registry.images import MANIFEST
from registry.pushes import BLOB, DIGEST, begin_upload, target

KEYS = {"REGISTRY_STORAGE_S3_ACCESSKEY": "0012345", "REGISTRY_STORAGE_S3_SECRETKEY": "1e10"}


def test_an_image_in_a_directory(registry, carry):
    started = registry()

    carry(started)

    assert list(started.data.glob(f"**/{carry.image.layer.removeprefix('sha256:')}/data"))


def test_an_image_in_memory(registry, carry):
    started = registry(REGISTRY_STORAGE="inmemory")

    carry(started)

    assert not started.data.exists()


def test_an_image_in_a_store(registry, bucket, carry):
    carry(registry(**bucket.variables, **KEYS))

    assert any(carry.image.layer.removeprefix("sha256:") in key for key in bucket.keys)


def test_images_outlive_a_registry(registry, carry):
    """A new registry on the same directory serves them, with its own new files."""
    first = registry()
    carry.into(first)
    first.stop()

    carry.out_of(registry(REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=str(first.data)))


def test_an_upload_begun_on_one_replica_ends_on_another(registry, bucket):
    shared = {
        "REGISTRY_REPLICAS": "2",
        "REGISTRY_HTTP_SECRET": "shared",
        **KEYS,
        **bucket.variables,
    }
    one, other = registry(**shared), registry(**shared)

    half = len(BLOB) // 2
    begun_path = begin_upload(one)
    answer = other.client.patch(begun_path, content=BLOB[:half])
    assert answer.status_code == 202, answer.text
    answer = one.client.put(f"{target(answer)}&digest={DIGEST}", content=BLOB[half:])

    assert answer.status_code == 201, answer.text
    assert other.client.get(f"/v2/app/blobs/{DIGEST}", follow_redirects=True).content == BLOB


def test_without_a_shared_secret_the_other_replica_refuses(registry, bucket):
    """The reason for REGISTRY_REPLICAS: each replica would generate its own secret."""
    one, other = (registry(**KEYS, **bucket.variables) for _ in range(2))

    answer = other.client.put(f"{begin_upload(one)}&digest={DIGEST}", content=BLOB)

    assert answer.status_code == 404
    assert "BLOB_UPLOAD_INVALID" in answer.text


def test_a_read_only_registry_refuses_pushes(registry, carry, skopeo):
    first = registry()
    carry.into(first)
    first.stop()
    started = registry(
        REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=str(first.data),
        REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED="true",
    )

    carry.out_of(started)

    assert started.client.post("/v2/app/blobs/uploads/").status_code == 405
    assert skopeo.push(carry.image, f"{started.host}/app:2").returncode != 0


@pytest.mark.parametrize(
    ("variables", "status", "left"),
    [
        ({}, 405, 200),
        ({"REGISTRY_STORAGE_DELETE_ENABLED": "false"}, 405, 200),
        ({"REGISTRY_STORAGE_DELETE_ENABLED": "true"}, 202, 404),
    ],
)
def test_images_are_deleted_only_if_that_is_enabled(registry, carry, variables, status, left):
    started = registry(**variables)
    carry(started)
    manifest = f"/v2/app/manifests/{carry.image.digest}"

    assert started.client.delete(manifest).status_code == status
    assert started.client.get(manifest, headers={"Accept": MANIFEST}).status_code == left


def test_the_daemon_serves_with_a_rendered_directory(registry_path, tmp_path, carry):
    """It can be rendered on any host; the daemon gets the path of the file."""
    port = free_port()
    variables = {
        "REGISTRY_HTTP_ADDR": f"127.0.0.1:{port}",
        "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": str(tmp_path / "data"),
    }
    environ = {"PATH": registry_path, "OTEL_TRACES_EXPORTER": "none"}
    argv = [ENTRYKIT, "render", "registry", "-o", tmp_path / "made"]
    subprocess.run(argv, env=environ | variables, check=True, timeout=60)

    program = registry_path.partition(":")[0] + "/registry"
    argv = [program, "serve", tmp_path / "made" / "config.yml"]
    with Running(argv, environ, tmp_path / "log") as running:
        served = Served(port)
        running.comes(served.answers)
        carry(served)


class Served:
    """What `carry` needs to know of a registry."""

    def __init__(self, port):
        self.host = f"127.0.0.1:{port}"

    def answers(self):
        words = ["curl", "-sf", "--noproxy", "*", f"http://{self.host}/v2/"]
        return not subprocess.run(words, stdout=subprocess.DEVNULL, check=False).returncode
