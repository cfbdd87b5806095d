"""Keys of an S3 store: the daemon alone mangles them, and the role keeps them unchanged."""

from __future__ import annotations

import pytest
from registry.registries import secret_file
from registry.stores import REGION

BENT = ["0012345", "1e10", "0x10", "123_456", "yes", '"quoted"', "a: b"]
KEYS = [*BENT, "a:b#c", "a #b", "null", "~", "it's", "{{ x }}", "${HOME}", "\\n", "-"]
# Each of them is an access key in one test, and a secret key in the other.
PAIRS = list(zip(KEYS[::2], KEYS[1::2], strict=True))


def ask(registry):
    """Cause a request to the store."""
    assert registry.client.get("/v2/app/tags/list").status_code in {200, 404}


@pytest.mark.parametrize("key", BENT)
def test_the_daemon_reads_the_keys_of_its_environment_as_yaml(registry, bucket, key):
    ask(registry.raw({"storage": bucket.config}, REGISTRY_STORAGE_S3_ACCESSKEY=key))

    assert bucket.asked.access_key != key


def test_the_daemon_does_not_read_a_key_from_a_file(registry, bucket, tmp_path):
    """It silently sends the path instead of the key."""
    path = secret_file(tmp_path, "key", "from-the-file")
    del bucket.config["s3"]["accesskey"]

    ask(registry.raw({"storage": bucket.config}, REGISTRY_STORAGE_S3_ACCESSKEY_FILE=path))

    assert bucket.asked.access_key == f"map[file:{path}]"


@pytest.mark.parametrize(("access", "secret"), PAIRS)
def test_keys_arrive_unchanged(registry, bucket, access, secret):
    """The access key as it is in the request, the secret key as what it was signed with."""
    keys = {"REGISTRY_STORAGE_S3_ACCESSKEY": access, "REGISTRY_STORAGE_S3_SECRETKEY": secret}

    ask(registry(**bucket.variables, **keys))

    assert bucket.asked.access_key == access
    assert bucket.asked.signed_with(secret)


@pytest.mark.parametrize(("secret", "access"), PAIRS)
def test_keys_of_files_arrive_unchanged(registry, bucket, tmp_path, access, secret):
    files = {
        f"REGISTRY_STORAGE_S3_{name}_FILE": secret_file(tmp_path, name, f"{key}\n")
        for name, key in {"ACCESSKEY": access, "SECRETKEY": secret}.items()
    }

    ask(registry(**bucket.variables, **files))

    assert bucket.asked.access_key == access
    assert bucket.asked.signed_with(secret)


def test_the_short_names_work(registry, bucket, carry):
    """An image goes into the store and comes out of it."""
    short = {
        "REGISTRY_STORAGE": "s3",
        "AWS_ACCESS_KEY_ID": "0012345",
        "AWS_SECRET_ACCESS_KEY": "1e10",
        "AWS_REGION": REGION,
        "S3_BUCKET": bucket.name,
        "S3_ENDPOINT": bucket.tap.url,
        "REGISTRY_STORAGE_S3_FORCEPATHSTYLE": "true",
    }

    carry(registry(**short))

    assert any(carry.image.layer.removeprefix("sha256:") in key for key in bucket.keys)
    signed = [request for request in bucket.tap.requests if "authorization" in request.headers]
    assert {request.access_key for request in signed} == {"0012345"}


def test_two_keys_of_one_meaning_are_refused(registry, bucket):
    keys = {"REGISTRY_STORAGE_S3_ACCESSKEY": "one", "REGISTRY_STORAGE_S3_SECRETKEY": "secret"}

    status, output = registry.create(
        **bucket.variables, **keys, AWS_ACCESS_KEY_ID="two"
    ).run_to_end()

    assert status == 78
    assert "AWS_ACCESS_KEY_ID" in output
    assert "REGISTRY_STORAGE_S3_ACCESSKEY" in output
    assert bucket.tap.requests == []
