"""Other servers: a remote registry, a receiver of events, Redis."""

from __future__ import annotations

import json
import socket
from contextlib import contextmanager

import pytest
import yaml
from haproxy.polling import eventually
from haproxy.ports import free_port
from programs import Running
from registry.listening import listener
from registry.passwords import htpasswd


def mirror_of(origin, **variables):
    """Variables of a pull-through cache."""
    deletes = {"REGISTRY_STORAGE_DELETE_ENABLED": "true"}
    return {"REGISTRY_PROXY_REMOTEURL": origin.url} | deletes | variables


def pulled_through(registry, carry):
    """An origin, and a mirror that has kept what was asked of it once."""
    origin = registry()
    carry.into(origin)
    mirror = registry(**mirror_of(origin))
    carry.out_of(mirror)
    digest = carry.image.layer.removeprefix("sha256:")
    eventually(lambda: list(mirror.data.glob(f"**/{digest}/data")))
    return origin, mirror


def test_a_mirror_pulls_through_and_keeps(registry, carry):
    _, mirror = pulled_through(registry, carry)

    assert mirror.client.post("/v2/app/blobs/uploads/").status_code == 405


def test_a_mirror_goes_on_without_its_origin(registry, carry):
    """Once it runs; a start without its origin fails, see test_live_check.py."""
    origin, mirror = pulled_through(registry, carry)
    origin.stop()

    carry.out_of(mirror)


def test_a_mirror_waits_for_its_origin(registry):
    origin = registry.create()
    wait = {"ENTRYKIT_WAIT": f"tcp://{origin.host}", "ENTRYKIT_WAIT_TIMEOUT": "1m"}
    mirror = registry.create(**mirror_of(origin, **wait)).launch()
    assert eventually(lambda: "waiting" in mirror.output)
    origin.start()

    assert mirror.running.comes(mirror.answers)


def test_a_mirror_logs_in(registry, release, carry, skopeo, tmp_path):
    """2.8 silently does so only with a token server, like Docker Hub's."""
    origin = registry(
        REGISTRY_AUTH="htpasswd", REGISTRY_AUTH_HTPASSWD_USERS=htpasswd("alice", "0012345")
    )
    carry.into(origin, "--dest-tls-verify=false", "--dest-creds=alice:0012345")
    login = {"REGISTRY_PROXY_USERNAME": "alice", "REGISTRY_PROXY_PASSWORD": "0012345"}
    mirror = registry(**mirror_of(origin, **login))

    if release == "3.1":
        carry.out_of(mirror)
    else:
        assert_refused = skopeo.pull(f"{mirror.host}/app:1", tmp_path / "refused")
        assert assert_refused.returncode != 0


def endpoints(url):
    """A list of one endpoint, with strings that YAML would read as something else."""
    headers = {"Authorization": ["Bearer 0012345"], "X-Flag": ["yes"], "X-Number": ["1e10"]}
    once = {"timeout": "5s", "threshold": 3, "backoff": "1s"}
    return [{"name": "listener", "url": url, "headers": headers, **once}]


@pytest.mark.parametrize("written", [json.dumps, yaml.safe_dump])
def test_a_push_is_notified(registry, carry, written):
    with listener() as server:
        started = registry(
            REGISTRY_NOTIFICATIONS_ENDPOINTS=written(endpoints(f"{server.url}/events"))
        )
        carry.into(started)
        headers, event = eventually(lambda: pushed(server, carry.image.digest))

    assert event["target"]["repository"] == "app"
    assert event["target"]["tag"] == "1"
    assert headers["Authorization"] == "Bearer 0012345"
    assert (headers["X-Flag"], headers["X-Number"]) == ("yes", "1e10")


def pushed(server, digest):
    """The headers and the event of a push of that manifest, once it was heard."""
    for _, headers, body in server.heard:
        for event in json.loads(body)["events"]:
            if event["action"] == "push" and event["target"]["digest"] == digest:
                return headers, event
    return None


@contextmanager
def redis(folder, password):
    """A redis with a password: a function from a command to the answer's text, and its address."""
    port = free_port()
    (folder / "redis.conf").write_text(f'requirepass "{password}"\nport {port}\nsave ""\n'
                                       "bind 127.0.0.1\nappendonly no\n")  # fmt: skip
    argv = ["redis-server", folder / "redis.conf"]
    with Running(argv, {"PATH": "/usr/bin:/bin"}, folder / "redis.log", cwd=folder) as running:

        def command(*words):
            with socket.create_connection(("127.0.0.1", port), 5) as connection:
                connection.sendall(f"AUTH {password}\r\n{' '.join(words)}\r\nQUIT\r\n".encode())
                with connection.makefile("rb") as answer:
                    return answer.read().decode()

        running.comes(lambda: "PONG" in command("PING"))
        yield command, f"127.0.0.1:{port}"


def test_descriptors_are_kept_in_redis(registry, carry, tmp_path):
    """In the form of the release: the other form is silently ignored."""
    with redis(tmp_path, "0012345") as (command, address):
        started = registry(
            REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR="redis",
            REGISTRY_REDIS_ADDR=address,
            REGISTRY_REDIS_PASSWORD="0012345",
            REGISTRY_REDIS_DB="3",
        )
        carry(started)

        assert carry.image.layer in eventually(lambda: command("SELECT 3", "\r\nKEYS *"))


def with_redis(address, data, *, shape):
    """A config.yml for the daemon by itself, with redis in the shape of a release."""
    where = {"addr": address} if shape == "2.8" else {"addrs": [address]}
    storage = {"filesystem": {"rootdirectory": str(data)}, "cache": {"blobdescriptor": "redis"}}
    return {"redis": where | {"password": "x"}, "storage": storage}


def test_the_shape_of_redis_differs(registry, release, carry, tmp_path):
    """What one release reads, the other ignores."""
    other = {"2.8": "3.1", "3.1": "2.8"}[release]
    with redis(tmp_path, "x") as (command, address):
        status, output = registry.create_raw(
            with_redis(address, tmp_path / "data", shape=other)
        ).run_to_end()
        assert status == 2
        assert "redis configuration required" in output

        carry(registry.raw(with_redis(address, tmp_path / "data", shape=release)))
        assert keys(command)


def keys(command):
    """The names of all that is in redis."""
    return [line for line in command("KEYS *").splitlines() if "::" in line]


def test_metrics_on_a_port_of_their_own(registry):
    port = free_port()
    registry(
        REGISTRY_HTTP_DEBUG_ADDR=f"127.0.0.1:{port}", REGISTRY_HTTP_DEBUG_PROMETHEUS_ENABLED="true"
    )

    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        with connection.makefile("rb") as answer:
            assert b"registry_" in answer.read()
