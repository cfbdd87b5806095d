"""Errors that are reported by the name of a variable, before anything starts."""

from __future__ import annotations

import pytest
from registry.refusals import assert_refused


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("REGISTRY_STORAGE_S3_CHUNKSIZE", {"REGISTRY_STORAGE_S3_CHUNKSIZE": "1000"}),
        ("REGISTRY_STORAGE_S3_STORAGECLASS", {"REGISTRY_STORAGE_S3_STORAGECLASS": "CHEAP"}),
        ("REGISTRY_STORAGE_S3_SECRETKEY", {"REGISTRY_STORAGE_S3_ACCESSKEY": "k"}),
        ("REGISTRY_STORAGE_S3_BUCKET", {"REGISTRY_STORAGE_S3_BUCKET": None}),
        ("REGISTRY_STORAGE_S3_REGION", {"REGISTRY_STORAGE_S3_REGION": None}),
    ],
)
def test_missing_settings_of_a_store_are_reported(registry, name, variables):
    least = {
        "REGISTRY_STORAGE": "s3",
        "REGISTRY_STORAGE_S3_BUCKET": "b",
        "REGISTRY_STORAGE_S3_REGION": "us-east-1",
    }

    assert_refused(registry, name, **least | variables)


def test_a_proxy_url_with_a_path_is_refused(registry):
    url = "https://mirror.test/v2/library"

    assert_refused(registry, "REGISTRY_PROXY_REMOTEURL", REGISTRY_PROXY_REMOTEURL=url)


def test_expiry_needs_that_images_may_be_deleted(registry):
    mirror = {
        "REGISTRY_PROXY_REMOTEURL": "https://mirror.test",
        "REGISTRY_PROXY_TTL": "168h",
        "REGISTRY_STORAGE_DELETE_ENABLED": "false",
    }

    _, output = registry.create(**mirror).run_to_end()

    assert "REGISTRY_STORAGE_DELETE_ENABLED" in output


@pytest.mark.parametrize("half", ["USERNAME", "PASSWORD"])
def test_half_a_login_is_refused(registry, half):
    url = {"REGISTRY_PROXY_REMOTEURL": "https://mirror.test"}
    name = {"USERNAME": "PASSWORD", "PASSWORD": "USERNAME"}[half]

    output = assert_refused(
        registry, "REGISTRY_PROXY_", **url, **{f"REGISTRY_PROXY_{half}": "hush-hush"}
    )

    assert f"REGISTRY_PROXY_{name}" in output
    assert half == "USERNAME" or "hush" not in output


def test_an_index_of_a_list_is_refused(registry):
    """2.8 ignores it, and the receiver gets no events."""
    name = "REGISTRY_NOTIFICATIONS_ENDPOINTS_0_URL"

    output = assert_refused(registry, name, **{name: "http://127.0.0.1/"})

    assert "REGISTRY_NOTIFICATIONS_ENDPOINTS" in output.replace(name, "")


def test_replicas_need_a_shared_secret(registry):
    assert_refused(registry, "REGISTRY_HTTP_SECRET", REGISTRY_REPLICAS="2")


@pytest.mark.parametrize("text", ["- a", "x", "{a: ", "5"])
def test_extra_yaml_has_to_be_a_map(registry, text):
    assert_refused(registry, "REGISTRY_EXTRA_YAML", REGISTRY_EXTRA_YAML=text)


def test_extra_yaml_overrides_variables(registry):
    headers = "http: {headers: {X-Extra: ['yes', '010']}}"

    answer = registry(REGISTRY_EXTRA_YAML=headers).client.get("/v2/")

    assert answer.headers.get_list("X-Extra") == ["yes", "010"]


def test_all_errors_are_reported_at_once(registry):
    output = assert_refused(
        registry,
        "REGISTRY_HTTP_DRAINTIMEOUT",
        REGISTRY_HTTP_DRAINTIMEOUT="10",
        REGISTRY_LOG_LEVEL="loud",
        REGISTRY_HTTP_TLS_KEY="/nowhere/key.pem",
        REGISTRY_HTP_NET="tcp",
        REGISTRY_REPLICAS="many",
    )

    for name in ("LOG_LEVEL", "HTTP_TLS_CERTIFICATE", "HTP_NET"):
        assert f"error: REGISTRY_{name}" in output
    assert "error: REGISTRY_REPLICAS" in output
