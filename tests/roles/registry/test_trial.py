"""The check: the registry serves with the file for a moment, and leaves nothing behind."""

from __future__ import annotations

import os
import socket
import stat

import pytest
import trustme
from programs import entrykit, under_test
from registry.registries import processes

from entrykit.roles.registry.check import run_check

pytestmark = pytest.mark.versions

HASH = "$2y$05$" + "a" * 53


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A PATH with the registry under test."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "registry").symlink_to(under_test("registry"))
    return f"{folder}:/usr/bin:/bin"


@pytest.fixture
def check(path, tmp_path):
    """Run `entrykit check registry` with variables; with a directory for images."""
    (tmp_path / "data").mkdir()
    storage = {"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": str(tmp_path / "data")}

    def check(**variables):
        own = {} if "REGISTRY_STORAGE" in variables else storage
        return entrykit("check", "registry", environ={"PATH": path, **own, **variables})

    return check


@pytest.fixture
def check_text(path, tmp_path):
    """Check the text of a config.yml."""

    def check_text(text):
        (tmp_path / "config.yml").write_text(text)
        program = f"{path.partition(':')[0]}/registry"
        return run_check([program, "serve", str(tmp_path / "config.yml")], {"PATH": path})

    return check_text


LEAST = 'version: "0.1"\nstorage: {inmemory: {}}\nhttp: {addr: "127.0.0.1:1"}\n'


def test_a_file_that_serves_is_accepted(check_text):
    assert check_text(LEAST)[0] == 0


def test_a_password_file_of_an_earlier_start_does_not_matter(check_text, tmp_path):
    (tmp_path / "htpasswd").write_text(f"alice:{HASH}\n")

    assert check_text(LEAST)[0] == 0


def test_staged_passwords_are_not_created_in_the_live_directory(path, tmp_path):
    """The registry creates a missing file, with a user that it invents."""
    (tmp_path / "stage").mkdir()
    (tmp_path / "stage" / "htpasswd").write_text(f"alice:{HASH}\n")
    auth = f'auth: {{htpasswd: {{realm: r, path: "{tmp_path}/htpasswd"}}}}\n'
    (tmp_path / "stage" / "config.yml").write_text(LEAST + auth)
    program = f"{path.partition(':')[0]}/registry"

    output = run_check([program, "serve", str(tmp_path / "stage" / "config.yml")], {"PATH": path})

    assert output[0] == 0
    assert not (tmp_path / "htpasswd").exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("storage: {inmemory: {}, s3: {}}", "storage"),
        ("storage: {nothing: {}}", "StorageDriver not registered: nothing"),
        ("http: {tls: {certificate: /nowhere, key: /nowhere}}", "/nowhere"),
        ("log: {level: loud}", "loud"),
        ("health: {storagedriver: {threshold: many}}", "many"),
        ("auth: {token: {}}", "realm"),
    ],
)
def test_a_file_that_does_not_serve_is_refused_with_the_output(check_text, more, words):
    lines = [line for line in LEAST.splitlines() if line.partition(":")[0] not in more]

    status, output = check_text("\n".join([*lines, more, ""]))

    assert status > 0
    assert words in output
    assert "goroutine" not in output


def test_a_refusal_ends_with_65_and_shows_no_secret(check):
    secret = "hush-hush-hush"
    wrong = {"REGISTRY_VALIDATION_MANIFESTS_URLS_ALLOW": f"{secret}("}

    done = check(REGISTRY_HTTP_SECRET=secret, **wrong)

    assert done.returncode == 65
    assert "validation.manifests.urls.allow" in done.stderr
    assert secret not in done.stderr


@pytest.mark.parametrize(
    "variables",
    [
        {"REGISTRY_HTTP_PREFIX": "/images/"},
        {"REGISTRY_AUTH_HTPASSWD_USERS": f"alice:{HASH}"},
        {"REGISTRY_HTTP_NET": "unix", "REGISTRY_HTTP_ADDR": "/nowhere/registry.sock"},
        {"REGISTRY_HTTP_DEBUG_ADDR": "192.0.2.1:5001"},
        {"REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED": "on"},
        {"REGISTRY_LOG_LEVEL": "error", "REGISTRY_LOG_FORMATTER": "json"},
        {"REGISTRY_HTTP_DRAINTIMEOUT": "1h"},
        {"REGISTRY_STORAGE": "inmemory"},
    ],
    ids=str,
)
def test_settings_that_the_check_turns_off_are_accepted(check, variables):
    assert check(**variables).returncode == 0


def test_the_check_uses_another_port(check):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert check(REGISTRY_HTTP_ADDR=f"127.0.0.1:{port}").returncode == 0


def test_the_check_contacts_no_other_server(check):
    """A cache contacts its remote at the start, which may be down during the check."""
    with socket.create_server(("127.0.0.1", 0)) as remote:
        url = f"http://127.0.0.1:{remote.getsockname()[1]}"
        endpoint = f'[{{"name": "one", "url": "{url}/"}}]'

        done = check(
            REGISTRY_PROXY_REMOTEURL=url,
            REGISTRY_STORAGE_DELETE_ENABLED="on",
            REGISTRY_NOTIFICATIONS_ENDPOINTS=endpoint,
        )

        assert done.returncode == 0, done.stderr
        remote.settimeout(0.1)
        with pytest.raises(TimeoutError):
            remote.accept()


def test_a_cache_drops_nothing_during_the_check(check, tmp_path):
    """Expired entries are dropped at a start."""
    state = tmp_path / "data" / "scheduler-state.json"
    key = f"app@sha256:{'a' * 64}"
    text = f'{{"{key}": {{"Key": "{key}", "Expiry": "2001-01-01T00:00:00Z", "EntryType": 0}}}}'
    state.write_text(text)
    url = "http://127.0.0.1:9"

    done = check(REGISTRY_PROXY_REMOTEURL=url, REGISTRY_STORAGE_DELETE_ENABLED="on")

    assert done.returncode == 0, done.stderr
    assert state.read_text() == text


def test_the_check_leaves_nothing_behind(check, tmp_path):
    done = check(REGISTRY_AUTH_HTPASSWD_USERS=f"alice:{HASH}")

    assert done.returncode == 0, done.stderr
    assert os.listdir(tmp_path / "data") == []
    assert processes(str(tmp_path)) == []


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Paths of a certificate, its key, and its CA."""
    folder, ca = tmp_path_factory.mktemp("certs"), trustme.CA()
    issued = ca.issue_cert("registry.test")
    issued.cert_chain_pems[0].write_to_path(str(folder / "registry.crt"))
    issued.private_key_pem.write_to_path(str(folder / "registry.key"))
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    return tuple(str(folder / name) for name in ("registry.crt", "registry.key", "ca.pem"))


@pytest.mark.parametrize("least", ["tls1.2", "tls1.3"])
@pytest.mark.parametrize("clients", [False, True])
def test_the_check_works_with_tls(check, pair, least, clients):
    names = ("CERTIFICATE", "KEY", "CLIENTCAS")[: 3 if clients else 2]
    files = {f"REGISTRY_HTTP_TLS_{name}": file for name, file in zip(names, pair, strict=False)}

    done = check(REGISTRY_HTTP_TLS_MINIMUMTLS=least, **files)

    assert done.returncode == 0, done.stderr


def test_an_unknown_cipher_is_refused(check, pair):
    files = {"REGISTRY_HTTP_TLS_CERTIFICATE": pair[0], "REGISTRY_HTTP_TLS_KEY": pair[1]}

    done = check(REGISTRY_HTTP_TLS_CIPHERSUITES="TLS_NONE", **files)

    assert done.returncode == 65
    assert "TLS_NONE" in done.stderr


def test_a_start_can_skip_the_check(path, tmp_path):
    """The file becomes live unchecked; the registry itself then refuses it."""
    environ = {
        "PATH": path,
        "CONFIG_DIR": str(tmp_path / "config"),
        "ENTRYKIT_CHECK": "off",
        "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": str(tmp_path / "data"),
        "REGISTRY_VALIDATION_MANIFESTS_URLS_ALLOW": "(",
        "REGISTRY_HTTP_SECRET": "hush-hush",
    }

    unseen = entrykit("registry", environ=environ)

    assert unseen.returncode == 2
    file = tmp_path / "config" / "config.yml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    file.unlink()
    seen = entrykit("registry", environ={**environ, "ENTRYKIT_CHECK": "on"})
    assert seen.returncode == 65
    assert not file.exists()
