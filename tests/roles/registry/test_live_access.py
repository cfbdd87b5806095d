"""Passwords and TLS."""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from haproxy.polling import eventually
from registry.passwords import htpasswd
from registry.registries import secret_file

PASSWORD = "p:a $s'\"#é"


def status(registry, *auth):
    return registry.client.get("/v2/", auth=auth or None).status_code


def creds(side, password):
    return [f"--{side}-tls-verify=false", f"--{side}-creds=alice:{password}"]


@pytest.fixture(params=["text", "file", "path"])
def guarded(request, registry, tmp_path):
    """Start a registry with the users alice and bob, by either variable."""
    users = f"{htpasswd('alice', PASSWORD)}\n{htpasswd('bob', 'secret')}\n"
    names = {"text": "USERS", "file": "USERS_FILE", "path": "PATH"}
    name = f"REGISTRY_AUTH_HTPASSWD_{names[request.param]}"
    value = users if request.param == "text" else secret_file(tmp_path, "users", users)
    return registry(REGISTRY_AUTH="htpasswd", **{name: value})


def test_right_passwords_and_no_others(guarded):
    assert status(guarded, "alice", PASSWORD) == 200
    assert status(guarded, "bob", "secret") == 200
    assert status(guarded, "alice", "secret") == 401
    assert status(guarded, "docker", "docker") == 401
    assert status(guarded) == 401


@pytest.mark.parametrize("mark", ["$2a$", "$2b$", "$2y$"])
def test_each_form_of_bcrypt(registry, mark):
    line = htpasswd("alice", "secret").replace("$2y$", mark)
    started = registry(REGISTRY_AUTH="htpasswd", REGISTRY_AUTH_HTPASSWD_USERS=line)

    assert status(started, "alice", "secret") == 200


def test_no_other_user_is_created(guarded):
    texts = [path.read_text() for path in guarded.config.iterdir() if path.is_file()]

    assert not any("docker:" in text for text in texts)
    assert "password" not in guarded.output.lower().replace("htpasswd", "")


def test_an_image_with_the_right_password_and_with_a_wrong_one(registry, carry, skopeo):
    started = registry(
        REGISTRY_AUTH="htpasswd", REGISTRY_AUTH_HTPASSWD_USERS=htpasswd("alice", "secret")
    )

    carry.into(started, *creds("dest", "secret"))
    carry.out_of(started, *creds("src", "secret"))

    wrong = skopeo.push(carry.image, f"{started.host}/app:2", *creds("dest", "wrong"))
    assert wrong.returncode != 0
    assert "unauthorized" in wrong.stderr


def test_the_password_file_is_private(registry):
    users = {"REGISTRY_AUTH_HTPASSWD_USERS": htpasswd("alice", "secret")}
    started = registry(REGISTRY_AUTH="htpasswd", **users)

    found = [path for path in started.config.rglob("*") if "$2y$" in text_of(path)]
    assert [path.stat().st_mode & 0o027 for path in found] == [0]
    assert started.file["auth"]["htpasswd"]["path"] == str(found[0])


def text_of(path):
    return path.read_text() if path.is_file() else ""


def test_a_mounted_password_file_is_read_again(registry, tmp_path):
    """The daemon looks at its mtime; entrykit never changes it."""
    path = tmp_path / "users"
    path.write_text(htpasswd("alice", "secret"))
    variables = {"REGISTRY_AUTH": "htpasswd", "REGISTRY_AUTH_HTPASSWD_PATH": str(path)}
    started = registry(**variables)
    assert status(started, "alice", "secret") == 200

    path.write_text(htpasswd("bob", "secret"))
    os.utime(path, (1, 2_000_000_000))

    assert eventually(lambda: status(started, "bob", "secret") == 200)
    assert status(started, "alice", "secret") == 401


@pytest.fixture
def pair(authority, tmp_path):
    """Variables with a certificate for 127.0.0.1 and its key."""
    issued = authority.issue("127.0.0.1")
    chain = b"".join(part.bytes() for part in issued.cert_chain_pems)
    (tmp_path / "cert.pem").write_bytes(chain)
    (tmp_path / "key.pem").write_bytes(issued.private_key_pem.bytes())
    return {
        "REGISTRY_HTTP_TLS_CERTIFICATE": str(tmp_path / "cert.pem"),
        "REGISTRY_HTTP_TLS_KEY": str(tmp_path / "key.pem"),
    }


def test_an_image_over_tls(registry, pair, authority, carry, tmp_path):
    started = registry(verify=authority.client(), **pair)
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "ca.crt").write_bytes(authority.root)

    carry.into(started, f"--dest-cert-dir={tmp_path / 'trust'}")
    carry.out_of(started, f"--src-cert-dir={tmp_path / 'trust'}")


def test_the_least_version_of_tls(registry, pair, authority):
    started = registry(verify=authority.client(), **pair, REGISTRY_HTTP_TLS_MINIMUMTLS="tls1.3")
    old = authority.client()
    old.maximum_version = ssl.TLSVersion.TLSv1_2

    with (
        httpx.Client(verify=old, trust_env=False) as client,
        pytest.raises(httpx.ConnectError, match=r"(?i)protocol.version"),
    ):
        client.get(f"https://{started.host}/")


def test_clients_need_a_certificate_with_clientcas(registry, pair, authority, tmp_path):
    """Without one there is no answer, also none about health."""
    (tmp_path / "ca.pem").write_bytes(authority.root)
    context = authority.client()
    authority.issue("client.test").configure_cert(context)

    started = registry(verify=context, **pair, REGISTRY_HTTP_TLS_CLIENTCAS=str(tmp_path / "ca.pem"))

    assert status(started) == 200
    with (
        httpx.Client(verify=authority.client(), trust_env=False) as client,
        pytest.raises(httpx.TransportError),
    ):
        client.get(f"https://{started.host}/v2/")


def test_a_pair_that_does_not_match_is_refused(registry, pair, authority, tmp_path):
    (tmp_path / "key.pem").write_bytes(authority.issue("b.test").private_key_pem.bytes())

    code, output = registry.create(**pair).run_to_end()

    assert code == 78
    assert "error: REGISTRY_HTTP_TLS_" in output


@pytest.mark.parametrize("name", ["CERTIFICATE", "KEY"])
def test_a_file_that_is_not_there_is_refused(registry, pair, name):
    variable = f"REGISTRY_HTTP_TLS_{name}"

    code, output = registry.create(**pair | {variable: "/nowhere/x.pem"}).run_to_end()

    assert code == 78
    assert f"error: {variable}" in output
    assert "/nowhere/x.pem" in output


def dated(folder, authority, begin, end):
    """Write a pair that is valid for that time, in days from now."""
    now = datetime.now(UTC)
    times = {"not_before": now + timedelta(begin), "not_after": now + timedelta(end)}
    issued = authority.issue("127.0.0.1", **times)
    issued.cert_chain_pems[0].write_to_path(str(folder / "dated.crt"))
    issued.private_key_pem.write_to_path(str(folder / "dated.key"))
    names = ("REGISTRY_HTTP_TLS_CERTIFICATE", "REGISTRY_HTTP_TLS_KEY")
    return dict(zip(names, map(str, (folder / "dated.crt", folder / "dated.key")), strict=True))


@pytest.mark.parametrize(
    ("days", "reason"), [((-9, -2), "expired on "), ((2, 9), "not valid before "), ((-1, 9), None)]
)
def test_an_expired_certificate_is_served_with_a_warning(
    registry, authority, tmp_path, days, reason
):
    """Clients check it; this one does not."""
    started = registry(**dated(tmp_path, authority, *days), verify=False)

    warning = f"warning: REGISTRY_HTTP_TLS_CERTIFICATE: {tmp_path}/dated.crt: {reason}"
    assert (warning in started.output) is bool(reason)
    assert ("dated.crt: " in started.output) is bool(reason)
    assert started.client.get("/v2/").status_code == 200
