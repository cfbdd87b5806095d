"""The life cycle of a registry: its process, its environment, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from haproxy.polling import eventually
from programs import ENTRYKIT, children, environ_of, opened
from registry.listening import listener
from registry.passwords import htpasswd
from registry.pushes import HalfPush, is_listening
from registry.registries import secret_file


def terminate(registry):
    registry.running.process.send_signal(signal.SIGTERM)


def test_the_daemon_by_itself_drops_a_push_after_sigterm(registry):
    raw = registry.raw()

    with HalfPush(raw) as push:
        terminate(raw)

        assert raw.running.ended() == -signal.SIGTERM
        assert push.finish() == ""


def test_a_push_is_finished_after_sigterm(registry):
    """Nothing new is accepted meanwhile, and the exit status is 0."""
    started = registry()

    with HalfPush(started) as push:
        terminate(started)
        eventually(lambda: not is_listening(started))

        assert push.finish() == "HTTP/1.1 201 Created"
        assert started.running.ended() == 0


def test_a_push_that_hangs_is_dropped_after_the_time_given(registry):
    started = registry(REGISTRY_HTTP_DRAINTIMEOUT="200ms")

    with HalfPush(started) as push:
        terminate(started)

        assert started.running.ended() == 1
        assert push.finish() == ""


def test_it_is_the_daemon_with_its_pid_and_without_a_child(registry, binary):
    started = registry()
    pid = started.running.pid

    assert os.readlink(f"/proc/{pid}/exe") == os.path.realpath(binary)
    assert children(pid) == []
    assert not [path for path in opened(pid) if path.startswith(("/dev/", str(started.folder)))
                and path not in ("/dev/null", str(started.folder / "log"))]  # fmt: skip
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    assert words[1:3] == [b"serve", str(started.config / "config.yml").encode()]


def test_the_daemon_gets_no_variable_that_was_consumed(registry, tmp_path, bucket):
    """Neither a secret nor a name that it would read again."""
    variables = {
        "AWS_ACCESS_KEY_ID": "0012345",
        "AWS_SECRET_ACCESS_KEY_FILE": secret_file(tmp_path, "secret", "hush-hush"),
        "REGISTRY_HTTP_SECRET": "shared-secret",
        "REGISTRY_AUTH": "htpasswd",
        "REGISTRY_AUTH_HTPASSWD_REALM": "here",
        "REGISTRY_AUTH_HTPASSWD_USERS": htpasswd("alice", "secret"),
        "REGISTRY_EXTRA_YAML": "{}",
        "REGISTRY_PORT": "tcp://10.0.0.1:5000",
        "KEPT": "as it is",
    }

    started = registry(**bucket.variables, **variables)

    given = environ_of(started.running.pid)
    assert given["KEPT"] == "as it is"
    assert [name for name in given if name.startswith("REGISTRY_AUTH")] == []
    assert [name for name in given if name.startswith(("REGISTRY_STORAGE", "AWS_"))] == []
    assert {"REGISTRY_HTTP_SECRET", "REGISTRY_EXTRA_YAML"}.isdisjoint(given)
    text = repr(given)
    assert [word for word in ("hush", "shared-secret", "0012345", "$2") if word in text] == []
    assert "hush" not in started.output


def test_files_with_secrets_are_private(registry):
    started = registry(REGISTRY_HTTP_SECRET="shared-secret")

    modes = {path.name: path.stat().st_mode & 0o777 for path in started.config.glob("*.yml")}
    assert [name for name, mode in modes.items() if mode & 0o027] == []


def tracing(server):
    """Variables of OpenTelemetry's that send traces to a listener, and soon."""
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": server.url, "OTEL_BSP_SCHEDULE_DELAY": "50"}


def traces(server):
    return [path for path, _, _ in server.heard if path == "/v1/traces"]


def test_the_daemon_by_itself_exports_traces(registry, release):
    """3.1 does so by default; 2.8 has no traces."""
    with listener() as server:
        raw = registry.create_raw(**tracing(server))
        del raw.environ["OTEL_TRACES_EXPORTER"]
        raw.start()

        assert raw.client.get("/v2/").status_code == 200
        if release == "3.1":
            assert eventually(lambda: traces(server))


def test_no_traces_are_exported_unless_wanted(registry, release):
    """What is left is sent at the end, so nothing can come after it."""
    with listener() as server:
        started = registry(**tracing(server))
        given = environ_of(started.running.pid)
        assert started.client.get("/v2/").status_code == 200
        terminate(started)
        started.running.ended()

        assert traces(server) == []
        assert given.get("OTEL_TRACES_EXPORTER") == ("none" if release == "3.1" else None)
        wanted = registry(OTEL_TRACES_EXPORTER="otlp", **tracing(server))
        assert wanted.client.get("/v2/").status_code == 200
        if release == "3.1":
            assert eventually(lambda: traces(server))


@pytest.mark.parametrize(
    "words",
    [
        ["registry"],
        ["registry", "serve"],
        ["serve"],
        ["serve", "{config}"],
        ["{config}"],
        ["registry", "serve", "{config}"],
    ],
)
def test_commands_of_the_official_image_start_it(registry, words):
    new = registry.create()
    config = str(new.config / "config.yml")

    new.with_command(*(word.replace("{config}", config) for word in words)).start()

    assert new.client.get("/v2/").status_code == 200


@pytest.mark.parametrize("words", [["--version"], ["registry", "--version"], ["help"]])
def test_informational_commands_need_no_variables(registry_path, words):
    done = run(registry_path, *words, REGISTRY_LOG_LEVEL="loud")

    assert done.returncode == 0, done.stderr
    assert "distribution" in done.stdout + done.stderr or "registry" in done.stdout + done.stderr


def test_another_command_is_executed_as_it_is(registry_path):
    """A shell, with nothing configured."""
    done = run(registry_path, "sh", "-c", "echo $0 $REGISTRY_LOG_LEVEL", REGISTRY_LOG_LEVEL="loud")

    assert (done.returncode, done.stdout, done.stderr) == (0, "sh loud\n", "")


def run(path, *words, **variables):
    argv = [ENTRYKIT, "registry", *words]
    environ = {"PATH": path} | variables
    return subprocess.run(
        argv, env=environ, capture_output=True, text=True, timeout=60, check=False
    )


def test_garbage_is_collected_with_the_rendered_file(registry, registry_path, carry):
    started = registry(REGISTRY_STORAGE_DELETE_ENABLED="true")
    carry(started)
    digest = carry.image.layer.removeprefix("sha256:")
    manifest = f"/v2/app/manifests/{carry.image.digest}"
    assert started.client.delete(manifest).status_code == 202
    assert list(started.data.glob(f"**/{digest}/data"))

    environ = started.environ.items()
    variables = {name: value for name, value in environ if name != "PATH"}
    config = str(started.config / "config.yml")
    done = run(registry_path, "garbage-collect", "--delete-untagged", config, **variables)

    assert done.returncode == 0, done.stderr
    assert not list(started.data.glob(f"**/{digest}/data"))
