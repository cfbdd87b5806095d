"""The pods of deploy/kubernetes that stand alone: two registries on S3, and a CFEngine hub."""

from __future__ import annotations

import hashlib
import os
import socket

import bcrypt
import httpx
import pytest
from containers.engine import podman
from containers.pods import Pod, claimed
from engines.manifests import built
from haproxy.ports import free_port
from programs import status
from registry.stores import Store

pytestmark = pytest.mark.containers

UID = 1000
PASSWORD = "secret"


@pytest.fixture
def store(tmp_path):
    folder = tmp_path / "store"
    folder.mkdir()
    with Store(folder) as store:
        store.bucket("images")
        yield store


@pytest.fixture
def secrets(tmp_path):
    """The Secret that a person makes."""
    folder = claimed(tmp_path / "secret", UID)
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4, b"2b")).decode()
    files = {"users": f"alice:{hashed}", "http": "0123456789abcdef0123456789abcdef"}
    for name, text in (files | {"s3-access-key": "access", "s3-secret-key": "hidden"}).items():
        (folder / name).write_text(f"{text}\n")
        os.chown(folder / name, 0, UID)
        (folder / name).chmod(0o440)
    return folder


def test_an_upload_begins_at_one_registry_and_ends_at_the_other(tmp_path, store, secrets, evidence):
    ports = [free_port(), free_port()]

    def pod(number):
        own = {
            "REGISTRY_HTTP_ADDR": f"127.0.0.1:{ports[number]}",
            "S3_ENDPOINT": f"http://127.0.0.1:{store.port}",
        }
        return Pod(
            built("registry"),
            "Deployment",
            "registry",
            number=number,
            folder=tmp_path,
            folders={"secret": secrets},
            environ=own,
            evidence=evidence,
        )

    data = os.urandom(100)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    one, two = (client(port) for port in ports)
    with one, two, pod(0) as first, pod(1) as second:
        first.comes(lambda: is_there(one))
        second.comes(lambda: is_there(two))
        begun = one.post("/v2/a/blobs/uploads/")
        assert begun.status_code == 202
        where = httpx.URL(begun.headers["Location"])
        ended = two.put(where.raw_path.decode() + f"&digest={digest}", content=data)
        assert ended.status_code == 201, ended.text
        got = one.get(f"/v2/a/blobs/{digest}", follow_redirects=True)
        assert got.content == data
        assert one.get("/v2/", auth=("alice", "wrong")).status_code == 401
        for each in (first, second):
            assert status(each.inspect("registry")["State"]["Pid"])["Uid"].split()[0] == str(UID)


def client(port):
    url = f"http://127.0.0.1:{port}"
    return httpx.Client(base_url=url, auth=("alice", PASSWORD), timeout=20, trust_env=False)


def is_there(client):
    try:
        return client.get("/").status_code == 200
    except httpx.TransportError:
        return False


def test_a_hub_that_is_started_anew_is_the_same_hub(tmp_path, evidence):
    """Its key is on the volume, closed to everybody else, though the volume's own folder is not."""
    work = claimed(tmp_path / "work", UID)
    port = free_port()
    keys = []
    for number in range(2):
        pod = Pod(
            built("cf-serverd"),
            "StatefulSet",
            "cf-serverd",
            number=number,
            folder=tmp_path,
            folders={"work": work},
            environ={"CF_SERVERD_PORT": str(port), "CF_SERVERD_BINDTOINTERFACE": "127.0.0.1"},
            evidence=evidence,
        )
        with pod:
            pod.comes(lambda: socket.create_connection(("127.0.0.1", port), 5).close() is None)
            keys.append((work / "ppkeys/localhost.pub").read_bytes())
            assert (work / "ppkeys").stat().st_mode & 0o777 == 0o700
            main = status(pod.inspect("cf-serverd")["State"]["Pid"])
            assert (main["Name"], main["Uid"].split()[0]) == ("cf-serverd", str(UID))
            podman("pod", "stop", "--time", "20", pod.name)

    assert keys[0] == keys[1]
