"""Conflicts between variables of the storage."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from entrykit.display import display
from entrykit.roles.registry.variables.s3 import ALIASES

if TYPE_CHECKING:
    from entrykit.roles.registry.variables.model import RegistryVariables

_S3: Final = "REGISTRY_STORAGE_S3_"
_AZURE: Final = "REGISTRY_STORAGE_AZURE_"
# As Amazon names its regions: us-east-1, us-gov-west-1, us-isob-east-1, eusc-de-east-1.
_is_region: Final = re.compile(r"[a-z]{2,5}(?:-[a-z]+){1,3}-[0-9]{1,2}").fullmatch


def check_storage(settings: RegistryVariables) -> Iterator[str]:
    """Yield a message for each conflict between variables of the storage."""
    yield from _check_drivers(settings)
    yield from _check_aliases(settings)
    if settings.driver == "s3":
        yield from _check_s3_required(settings)
        yield from _check_s3(settings)
    elif settings.driver == "azure":
        yield from _check_azure(settings)
    elif settings.driver == "gcs" and not settings.registry_storage_gcs_bucket:
        yield "REGISTRY_STORAGE_GCS_BUCKET: not set (expected the name of the bucket)"


def _check_drivers(settings: RegistryVariables) -> Iterator[str]:
    (chosen, by), *others = [*settings.drivers.items()] or [("filesystem", "")]
    for driver, name in others:
        yield f"{name}: for {driver}, but {by} is set for {chosen} (expected one kind of storage)"
    foreign = settings.extra_kinds("storage")
    if by and foreign and foreign != [chosen]:
        yield f"REGISTRY_EXTRA_YAML: has another kind of storage than {by} (expected {chosen})"
    if settings.aws_access_key_id and not settings.drivers and not foreign:
        yield (
            "AWS_ACCESS_KEY_ID: set, but no bucket (expected S3_BUCKET; or REGISTRY_STORAGE="
            "filesystem, to store images outside S3)"
        )


def _check_aliases(settings: RegistryVariables) -> Iterator[str]:
    if settings.driver != "s3":
        return
    for short, name in ALIASES.items():
        one, other = getattr(settings, short), getattr(settings, name)
        if one is not None and other is not None and one != other:
            yield (
                f"{short.upper()}: differs from {name.upper()} "
                "(expected only one of them, or equal values)"
            )


# Pairs that need each other, with the names that are set.
_KEYS: Final = (
    ("registry_storage_s3_accesskey", "registry_storage_s3_secretkey"),
    ("aws_access_key_id", "aws_secret_access_key"),
)


def _list_spellings(name: str) -> set[str]:
    return {name, ALIASES.get(name, name)}


def _check_s3_required(settings: RegistryVariables) -> Iterator[str]:
    own = settings.effective_values
    for lacking, given in (*_KEYS, *(pair[::-1] for pair in _KEYS)):
        if getattr(settings, given) is not None and own.keys().isdisjoint(_list_spellings(lacking)):
            yield f"{lacking.upper()}: not set, but {given.upper()} is (expected both or none)"
    if settings.extra_kinds("storage"):
        return
    if "registry_storage_s3_bucket" not in own:
        yield f"{_S3}BUCKET: not set (expected the name of the bucket)"
    if "registry_storage_s3_region" not in own:
        yield (
            f"{_S3}REGION: not set (expected the region of the bucket; for a store other than "
            "Amazon's, e.g. us-east-1)"
        )


def _check_s3(settings: RegistryVariables) -> Iterator[str]:
    own = settings.effective_values
    region, endpoint = (own.get(f"registry_storage_s3_{leaf}") for leaf in _LOCATION)
    if region and not endpoint and not _is_region(str(region)):
        name = f"{_S3}REGION" if settings.registry_storage_s3_region else "AWS_REGION"
        yield (
            f"{name}: {display(str(region))}: not an AWS region (expected e.g. us-east-1; "
            f"or {_S3}REGIONENDPOINT as well)"
        )
    if settings.registry_storage_s3_keyid and not settings.registry_storage_s3_encrypt:
        yield f"{_S3}KEYID: set, but {_S3}ENCRYPT is off (expected on, or nothing is encrypted)"
    if settings.registry_storage_s3_v4auth is False and not endpoint:
        yield f"{_S3}V4AUTH: off, but Amazon requires it (expected on, or {_S3}REGIONENDPOINT)"
    secure = settings.registry_storage_s3_secure
    scheme = str(endpoint or "").partition("://")
    if scheme[1] and secure is not None and secure != (scheme[0] == "https"):
        yield (
            f"{_S3}SECURE: {'on' if secure else 'off'}, but {_S3}REGIONENDPOINT begins with "
            f"{scheme[0]} (expected {'off' if secure else 'on'})"
        )


_LOCATION: Final = ("region", "regionendpoint")


def _check_azure(settings: RegistryVariables) -> Iterator[str]:
    for leaf in ("accountname", "container"):
        if not getattr(settings, f"registry_storage_azure_{leaf}"):
            yield f"{_AZURE}{leaf.upper()}: not set (expected its name)"
    kind = settings.registry_storage_azure_credentials_type
    if not settings.registry_storage_azure_accountkey and kind in {None, "shared_key"}:
        yield (
            f"{_AZURE}ACCOUNTKEY: not set (expected the account key or, with 3.x, "
            f"{_AZURE}CREDENTIALS_TYPE)"
        )
    for leaf in ("clientid", "tenantid", "secret"):
        name = f"registry_storage_azure_credentials_{leaf}"
        if (getattr(settings, name) is None) == (kind == "client_secret"):
            state = "not set" if kind == "client_secret" else "set"
            yield f"{name.upper()}: {state} (belongs to {_AZURE}CREDENTIALS_TYPE=client_secret)"
