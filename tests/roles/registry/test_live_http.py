"""Answers and logs."""

from __future__ import annotations

import json
import socket

import pytest
from haproxy.polling import eventually

KEYS = {"REGISTRY_STORAGE_S3_ACCESSKEY": "k", "REGISTRY_STORAGE_S3_SECRETKEY": "s"}


def test_answers_carry_the_headers_given(registry):
    """Strings that YAML would read as something else."""
    headers = '{"X-Content-Type-Options": ["nosniff"], "X-Number": ["010", "yes"]}'

    answer = registry(REGISTRY_HTTP_HEADERS=headers).client.get("/v2/")

    assert answer.headers.get_list("X-Number") == ["010", "yes"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("variables", "start"),
    [
        ({}, "http://127.0.0.1"),
        ({"REGISTRY_HTTP_RELATIVEURLS": "true"}, "/v2/"),
        ({"REGISTRY_HTTP_HOST": "https://images.test"}, "https://images.test/v2/"),
    ],
)
def test_where_an_upload_goes_on(registry, variables, start):
    """Behind a proxy that speaks TLS the first would be wrong."""
    answer = registry(**variables).client.post("/v2/app/blobs/uploads/")

    assert answer.headers["Location"].startswith(start)


def test_a_prefix(registry):
    started = registry(REGISTRY_HTTP_PREFIX="/images/")

    assert started.client.get("/images/v2/").status_code == 200
    assert started.client.get("/v2/").status_code == 404


def test_a_socket_of_the_file_system(registry):
    new = registry.create(REGISTRY_HTTP_NET="unix")
    path = str(new.folder / "socket")
    new.environ["REGISTRY_HTTP_ADDR"] = path
    new.launch()

    assert "200 OK" in new.running.comes(lambda: asked(path))


def asked(path):
    """The first line of an answer from a socket of the file system."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        connection.sendall(b"GET /v2/ HTTP/1.0\r\n\r\n")
        with connection.makefile() as answer:
            return answer.readline()


@pytest.mark.parametrize(("disabled", "status"), [("false", 307), ("true", 200)])
def test_blobs_are_redirected_to_the_store_or_served_directly(
    registry, bucket, carry, disabled, status
):
    started = registry(**bucket.variables, **KEYS, REGISTRY_STORAGE_REDIRECT_DISABLE=disabled)
    carry(started)

    answer = started.client.get(f"/v2/app/blobs/{carry.image.layer}")

    assert answer.status_code == status


def test_a_store_needs_no_more_than_its_endpoint(registry, bucket, carry):
    """A bucket's name before an address is no host: the style of the path is implied."""
    del bucket.variables["REGISTRY_STORAGE_S3_FORCEPATHSTYLE"]

    carry(registry(**bucket.variables, **KEYS))


def test_a_token_is_asked_for(registry, authority, tmp_path):
    (tmp_path / "ca.pem").write_bytes(authority.root)
    token = {
        "REALM": "https://auth.test/token",
        "SERVICE": "0012345",
        "ISSUER": "yes",
        "ROOTCERTBUNDLE": str(tmp_path / "ca.pem"),
    }
    variables = {f"REGISTRY_AUTH_TOKEN_{name}": token[name] for name in token}

    answer = registry(REGISTRY_AUTH="token", **variables).client.get("/v2/")

    assert answer.status_code == 401
    asked = 'Bearer realm="https://auth.test/token",service="0012345"'
    assert answer.headers["Www-Authenticate"].startswith(asked)


def test_lines_of_json_without_those_of_each_access(registry):
    started = registry(REGISTRY_LOG_FORMATTER="json", REGISTRY_LOG_ACCESSLOG_DISABLED="true")

    assert started.client.get("/v2/app/manifests/none").status_code == 404
    eventually(lambda: "app/manifests/none" in started.output)
    lines = [line for line in started.output.splitlines() if not line.startswith("entrykit: ")]
    assert all(json.loads(line)["msg"] for line in lines)


def test_errors_only(registry):
    started = registry(REGISTRY_LOG_LEVEL="error", REGISTRY_LOG_ACCESSLOG_DISABLED="true")

    assert started.client.get("/v2/").status_code == 200
    lines = [line for line in started.output.splitlines() if not line.startswith("entrykit: ")]
    assert lines == []
