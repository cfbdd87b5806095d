"""What is refused by the name of its variable, before anything starts."""

from __future__ import annotations

import pytest
from registry.refusals import refused


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
def test_what_a_store_needs_is_said(registry, name, variables):
    least = {
        "REGISTRY_STORAGE": "s3",
        "REGISTRY_STORAGE_S3_BUCKET": "b",
        "REGISTRY_STORAGE_S3_REGION": "us-east-1",
    }

    refused(registry, name, **least | variables)


def test_a_proxy_url_with_a_path_is_refused(registry):
    url = "https://mirror.test/v2/library"

    refused(registry, "REGISTRY_PROXY_REMOTEURL", REGISTRY_PROXY_REMOTEURL=url)


def test_expiry_needs_that_images_may_be_deleted(registry):
    mirror = {
        "REGISTRY_PROXY_REMOTEURL": "https://mirror.test",
        "REGISTRY_PROXY_TTL": "168h",
        "REGISTRY_STORAGE_DELETE_ENABLED": "false",
    }

    _, said = registry.made(**mirror).ends()

    assert "REGISTRY_STORAGE_DELETE_ENABLED" in said


@pytest.mark.parametrize("half", ["USERNAME", "PASSWORD"])
def test_half_a_login_is_refused(registry, half):
    url = {"REGISTRY_PROXY_REMOTEURL": "https://mirror.test"}
    name = {"USERNAME": "PASSWORD", "PASSWORD": "USERNAME"}[half]

    said = refused(registry, "REGISTRY_PROXY_", **url, **{f"REGISTRY_PROXY_{half}": "hush-hush"})

    assert f"REGISTRY_PROXY_{name}" in said
    assert half == "USERNAME" or "hush" not in said


def test_an_index_of_a_list_is_refused(registry):
    """2.8 overlooks it, and a listener hears nothing."""
    name = "REGISTRY_NOTIFICATIONS_ENDPOINTS_0_URL"

    said = refused(registry, name, **{name: "http://127.0.0.1/"})

    assert "REGISTRY_NOTIFICATIONS_ENDPOINTS" in said.replace(name, "")


def test_replicas_need_a_shared_secret(registry):
    refused(registry, "REGISTRY_HTTP_SECRET", REGISTRY_REPLICAS="2")


@pytest.mark.parametrize("text", ["- a", "x", "{a: ", "5"])
def test_extra_yaml_has_to_be_a_map(registry, text):
    refused(registry, "REGISTRY_EXTRA_YAML", REGISTRY_EXTRA_YAML=text)


def test_extra_yaml_goes_over_ours(registry):
    headers = "http: {headers: {X-Extra: ['yes', '010']}}"

    answer = registry(REGISTRY_EXTRA_YAML=headers).client.get("/v2/")

    assert answer.headers.get_list("X-Extra") == ["yes", "010"]


def test_every_fault_is_told_at_once(registry):
    said = refused(
        registry,
        "REGISTRY_HTTP_DRAINTIMEOUT",
        REGISTRY_HTTP_DRAINTIMEOUT="10",
        REGISTRY_LOG_LEVEL="loud",
        REGISTRY_HTTP_TLS_KEY="/nowhere/key.pem",
        REGISTRY_HTP_NET="tcp",
        REGISTRY_REPLICAS="many",
    )

    for name in ("LOG_LEVEL", "HTTP_TLS_CERTIFICATE", "HTP_NET"):
        assert f"error: REGISTRY_{name}" in said
    assert "error: REGISTRY_REPLICAS" in said
