"""Traps of the daemon, each with what the role does about it."""

from __future__ import annotations

import pytest
from registry.passwords import MD5, htpasswd
from registry.refusals import assert_refused


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED", "true"),
        ("REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_AGE", "24h"),
        ("REGISTRY_STORAGE_S3_BUCKET", "second"),
    ],
)
def test_the_daemon_panics_with_some_variables(registry, variable, value):
    status, output = registry.create_raw(**{variable: value}).run_to_end()

    assert status == 2
    assert "panic: " in output


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

    assert_refused(registry, "REGISTRY_STORAGE_S3_BUCKET", **second)


def auth(path):
    return {"htpasswd": {"realm": "r", "path": str(path)}}


def test_the_daemon_creates_a_user_if_the_file_is_missing(registry, tmp_path):
    """Anyone who reads its log can log in."""
    raw = registry.raw({"auth": auth(tmp_path / "htpasswd")})

    assert raw.client.get("/v2/").status_code == 401
    assert (tmp_path / "htpasswd").read_text().startswith("docker:")
    assert "password" in raw.output


def test_a_missing_password_file_of_extra_yaml_is_refused(registry, tmp_path):
    """The check does not new it either."""
    path = tmp_path / "absent"
    extra = f"auth: {{htpasswd: {{realm: r, path: {path}}}}}"

    output = assert_refused(registry, "REGISTRY_EXTRA_YAML", REGISTRY_EXTRA_YAML=extra)

    assert "No such file" in output
    assert not path.exists()


def test_a_missing_password_file_is_refused(registry, tmp_path):
    path = tmp_path / "htpasswd"
    htpasswd = {"REGISTRY_AUTH": "htpasswd", "REGISTRY_AUTH_HTPASSWD_PATH": str(path)}

    output = assert_refused(registry, "REGISTRY_AUTH_HTPASSWD_PATH", **htpasswd)

    assert str(path) in output
    assert not path.exists()


def test_the_daemon_takes_no_other_hash_than_bcrypt(registry, tmp_path):
    (tmp_path / "htpasswd").write_text(f"alice:{MD5}\n")
    raw = registry.raw({"auth": auth(tmp_path / "htpasswd")})

    assert raw.client.get("/v2/", auth=("alice", "secret")).status_code == 401


@pytest.mark.parametrize("given", [MD5, "secret", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="])
def test_other_passwords_than_bcrypt_are_refused(registry, given):
    """The message names a command that prints a hash, and does not show the value."""
    users = {"REGISTRY_AUTH": "htpasswd", "REGISTRY_AUTH_HTPASSWD_USERS": f"alice:{given}"}

    output = assert_refused(registry, "REGISTRY_AUTH_HTPASSWD_USERS", **users)

    assert "htpasswd -" in output
    assert given not in output


def test_a_password_file_without_bcrypt_is_refused(registry, tmp_path):
    path = tmp_path / "htpasswd"
    path.write_text(f"{htpasswd('bob', 'secret')}\nalice:{MD5}\n")
    variables = {"REGISTRY_AUTH": "htpasswd", "REGISTRY_AUTH_HTPASSWD_PATH": str(path)}

    output = assert_refused(registry, "REGISTRY_AUTH_HTPASSWD_PATH", **variables)

    assert MD5 not in output


def test_the_daemon_takes_a_duration_without_a_unit_for_nanoseconds(registry):
    """It starts without a warning."""
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
    assert "10s" in assert_refused(registry, name, **{name: "10"})


def test_an_unknown_name_is_refused_with_the_closest_name(registry):
    output = assert_refused(registry, "REGISTRY_HTP_ADDR", REGISTRY_HTP_ADDR=":5000")

    assert "REGISTRY_HTTP_ADDR" in output


def test_the_daemon_ignores_an_unknown_name(registry):
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
        "REGISTRY_ENV_HTTP_SECRET": "foreign",
    }

    started = registry(**links)

    assert started.client.get("/v2/").status_code == 200
    assert "panic" not in started.output


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
def test_an_old_name_is_refused_with_the_current_one(registry, name, old):
    output = assert_refused(registry, *old, **old)

    assert name in output
    assert "hush" not in output


def test_the_daemon_takes_a_service_for_a_second_storage(registry):
    """Beside a service called registry-storage it does not start."""
    status, output = registry.create_raw(REGISTRY_STORAGE_PORT="tcp://10.0.0.1:80").run_to_end()

    assert status == 1
    assert "into configuration.Parameters" in output


def test_a_service_is_no_storage(registry):
    links = {"REGISTRY_STORAGE_PORT": "tcp://10.0.0.1:80", "REGISTRY_STORAGE_SERVICE_PORT": "80"}

    assert registry(**links).client.get("/v2/").status_code == 200


def test_the_daemon_serves_without_tls_if_a_certificate_is_missing(registry, tmp_path):
    """It silently ignores half of a pair."""
    raw = registry.raw({"http": {"tls": {"key": str(tmp_path / "key.pem")}}})

    assert raw.client.get("/v2/").status_code == 200


@pytest.mark.parametrize("half", ["CERTIFICATE", "KEY"])
def test_half_a_pair_is_refused(registry, tmp_path, half):
    (tmp_path / "half.pem").write_text("x")
    variables = {f"REGISTRY_HTTP_TLS_{half}": str(tmp_path / "half.pem")}

    status, output = registry.create(**variables).run_to_end()

    assert status == 78
    assert "REGISTRY_HTTP_TLS_CERTIFICATE" in output
    assert "REGISTRY_HTTP_TLS_KEY" in output
