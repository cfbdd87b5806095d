"""Traps of the daemon's own, each beside what the role makes of it."""

from __future__ import annotations

import pytest
from registry.passwords import MD5, htpasswd
from registry.refusals import refused


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED", "true"),
        ("REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_AGE", "24h"),
        ("REGISTRY_STORAGE_S3_BUCKET", "second"),
    ],
)
def test_the_daemon_panics_of_its_own_variables(registry, variable, value):
    status, said = registry.raw_made(**{variable: value}).ends()

    assert status == 2
    assert "panic: " in said


def test_maintenance_works(registry):
    maintenance = {
        "REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_ENABLED": "true",
        "REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_AGE": "24h",
        "REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_INTERVAL": "12h",
        "REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_DRYRUN": "true",
    }

    assert registry(**maintenance).client.get("/v2/").status_code == 200


def test_a_second_driver_is_refused(registry):
    second = {"REGISTRY_STORAGE": "filesystem", "REGISTRY_STORAGE_S3_BUCKET": "second"}

    refused(registry, "REGISTRY_STORAGE_S3_BUCKET", **second)


def auth(path):
    return {"htpasswd": {"realm": "r", "path": str(path)}}


def test_the_daemon_makes_a_user_where_the_file_is_missing(registry, tmp_path):
    """Anybody who reads its log may log in."""
    raw = registry.raw({"auth": auth(tmp_path / "htpasswd")})

    assert raw.client.get("/v2/").status_code == 401
    assert (tmp_path / "htpasswd").read_text().startswith("docker:")
    assert "password" in raw.said


def test_a_missing_password_file_of_extra_yaml_is_not_made(registry, tmp_path):
    """Neither by the check."""
    path = tmp_path / "absent"
    extra = f"auth: {{htpasswd: {{realm: r, path: {path}}}}}"

    said = refused(registry, "REGISTRY_EXTRA_YAML", REGISTRY_EXTRA_YAML=extra)

    assert "No such file" in said
    assert not path.exists()


def test_a_missing_password_file_is_refused(registry, tmp_path):
    path = tmp_path / "htpasswd"
    htpasswd = {"REGISTRY_AUTH": "htpasswd", "REGISTRY_AUTH_HTPASSWD_PATH": str(path)}

    said = refused(registry, "REGISTRY_AUTH_HTPASSWD_PATH", **htpasswd)

    assert str(path) in said
    assert not path.exists()


def test_the_daemon_takes_no_other_hash_than_bcrypt(registry, tmp_path):
    (tmp_path / "htpasswd").write_text(f"alice:{MD5}\n")
    raw = registry.raw({"auth": auth(tmp_path / "htpasswd")})

    assert raw.client.get("/v2/", auth=("alice", "secret")).status_code == 401


@pytest.mark.parametrize("given", [MD5, "secret", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="])
def test_other_passwords_than_bcrypt_are_refused(registry, given):
    """With the command that makes a hash, and without what was given."""
    users = {"REGISTRY_AUTH": "htpasswd", "REGISTRY_AUTH_HTPASSWD_USERS": f"alice:{given}"}

    said = refused(registry, "REGISTRY_AUTH_HTPASSWD_USERS", **users)

    assert "htpasswd -" in said
    assert given not in said


def test_a_password_file_without_bcrypt_is_refused(registry, tmp_path):
    path = tmp_path / "htpasswd"
    path.write_text(f"{htpasswd('bob', 'secret')}\nalice:{MD5}\n")
    variables = {"REGISTRY_AUTH": "htpasswd", "REGISTRY_AUTH_HTPASSWD_PATH": str(path)}

    said = refused(registry, "REGISTRY_AUTH_HTPASSWD_PATH", **variables)

    assert MD5 not in said


def test_the_daemon_takes_a_duration_without_a_unit_for_nanoseconds(registry):
    """It starts as if nothing were wrong."""
    raw = registry.raw(REGISTRY_HTTP_DRAINTIMEOUT="10")

    assert raw.client.get("/v2/").status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "REGISTRY_HTTP_DRAINTIMEOUT",
        "REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_AGE",
        "REGISTRY_HEALTH_STORAGEDRIVER_INTERVAL",
    ],
)
def test_a_duration_without_a_unit_is_refused(registry, name):
    assert "10s" in refused(registry, name, **{name: "10"})


def test_a_name_that_is_not_known_is_refused_with_the_nearest(registry):
    said = refused(registry, "REGISTRY_HTP_ADDR", REGISTRY_HTP_ADDR=":5000")

    assert "REGISTRY_HTTP_ADDR" in said


def test_the_daemon_overlooks_a_name_that_it_does_not_know(registry):
    raw = registry.raw(REGISTRY_HTTP_SECRETT="x", REGISTRY_LOG_LEVL="debug")

    assert raw.client.get("/v2/").status_code == 200


def test_a_service_named_registry_is_no_setting(registry):
    """Kubernetes puts these into every pod beside such a service, and `docker --link` the last."""
    link = "tcp://10.0.0.1:5000"
    links = {
        "REGISTRY_PORT": link,
        "REGISTRY_PORT_5000_TCP": link,
        "REGISTRY_PORT_5000_TCP_ADDR": "10.0.0.1",
        "REGISTRY_PORT_5000_TCP_PORT": "5000",
        "REGISTRY_PORT_5000_TCP_PROTO": "tcp",
        "REGISTRY_SERVICE_HOST": "10.0.0.1",
        "REGISTRY_SERVICE_PORT": "5000",
        "REGISTRY_SERVICE_PORT_HTTP": "5000",
        "REGISTRY_NAME": "/us/registry",
        "REGISTRY_ENV_HTTP_SECRET": "theirs",
    }

    started = registry(**links)

    assert started.client.get("/v2/").status_code == 200
    assert "panic" not in started.said


@pytest.mark.parametrize(
    ("name", "old"),
    [
        ("REGISTRY_STORAGE", {"SETTINGS_FLAVOR": "s3"}),
        ("REGISTRY_STORAGE_S3_BUCKET", {"AWS_BUCKET": "b"}),
        ("REGISTRY_STORAGE_S3_ACCESSKEY", {"AWS_KEY": "k"}),
        ("REGISTRY_STORAGE_S3_SECRETKEY", {"AWS_SECRET": "hush-hush"}),
        ("REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", {"STORAGE_PATH": "/x"}),
    ],
)
def test_an_old_name_is_answered_with_todays(registry, name, old):
    said = refused(registry, *old, **old)

    assert name in said
    assert "hush" not in said


def test_the_daemon_takes_a_service_for_a_second_storage(registry):
    """Beside a service called registry-storage it does not start."""
    status, said = registry.raw_made(REGISTRY_STORAGE_PORT="tcp://10.0.0.1:80").ends()

    assert status == 1
    assert "into configuration.Parameters" in said


def test_a_service_is_no_storage(registry):
    links = {"REGISTRY_STORAGE_PORT": "tcp://10.0.0.1:80", "REGISTRY_STORAGE_SERVICE_PORT": "80"}

    assert registry(**links).client.get("/v2/").status_code == 200


def test_the_daemon_serves_plainly_where_a_certificate_is_missing(registry, tmp_path):
    """Half of a pair is no pair, and nobody is told."""
    raw = registry.raw({"http": {"tls": {"key": str(tmp_path / "key.pem")}}})

    assert raw.client.get("/v2/").status_code == 200


@pytest.mark.parametrize("half", ["CERTIFICATE", "KEY"])
def test_half_a_pair_is_refused(registry, tmp_path, half):
    (tmp_path / "half.pem").write_text("x")
    variables = {f"REGISTRY_HTTP_TLS_{half}": str(tmp_path / "half.pem")}

    status, said = registry.made(**variables).ends()

    assert status == 78
    assert "REGISTRY_HTTP_TLS_CERTIFICATE" in said
    assert "REGISTRY_HTTP_TLS_KEY" in said
