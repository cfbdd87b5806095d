"""Which release of the registry is installed, and what only newer releases support."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from entrykit.daemon.program import find, query
from entrykit.errors import HandOverError
from entrykit.roles.registry.variables.types import OLD_STORAGE_CLASSES

if TYPE_CHECKING:
    from entrykit.roles.registry.variables.model import RegistryVariables

Release: TypeAlias = Literal["2.8", "3"]

# The program in the official image and in Debian's package.
PROGRAM_NAMES: Final = ("registry", "docker-registry")
_OLD: Final = 2

_S3: Final = ("accelerate", "usedualstack", "usefipsendpoint", "redirectendpoint", "loglevel")
_AZURE: Final = ("rootdirectory", "credentials_type", "credentials_clientid")
_AZURE_CREDENTIALS: Final = ("credentials_tenantid", "credentials_secret")
_TOKEN: Final = ("jwks", "signingalgorithms", "autoredirectpath")
_PROXY: Final = ("ttl", "cachewritetimeout", "exec_command", "exec_lifetime")
_REDIS: Final = ("username", "mastername", "sentinelusername", "sentinelpassword")
_REDIS_TLS: Final = ("tls_certificate", "tls_key", "tls_rootcas")
_INDEXES: Final = ("platforms", "platformlist")
# What 2.8 ignores silently, according to its configuration.go and its drivers.
SINCE_3: Final = (
    "registry_log_reportcaller",
    "registry_http_tls_clientauth",
    "registry_http_tls_letsencrypt_directoryurl",
    "registry_http_h2c_enabled",
    "registry_storage_cache_blobdescriptorsize",
    "registry_storage_tag_concurrencylimit",
    "registry_tags_maxtags",
    *(f"registry_storage_s3_{leaf}" for leaf in _S3),
    *(f"registry_storage_azure_{leaf}" for leaf in (*_AZURE, *_AZURE_CREDENTIALS)),
    *(f"registry_auth_token_{leaf}" for leaf in _TOKEN),
    *(f"registry_proxy_{leaf}" for leaf in _PROXY),
    *(f"registry_redis_{leaf}" for leaf in (*_REDIS, *_REDIS_TLS)),
    *(f"registry_validation_manifests_indexes_{leaf}" for leaf in _INDEXES),
)


def find_release(environ: Mapping[str, str]) -> Release | None:
    """Ask the registry in PATH for its release; None without a registry or a clear answer."""
    for name in PROGRAM_NAMES:
        try:
            return _ask_release(find(name, environ))
        except HandOverError:
            continue
    return None


@lru_cache(maxsize=4)
def _ask_release(program: str) -> Release | None:
    try:
        return parse_release(query([program, "--version"], {}))
    except HandOverError:
        return None


def parse_release(output: str) -> Release | None:
    """Parse the output of `registry --version`: a program, a Go module and a version.

    Examples are `docker-registry github.com/docker/distribution 2.8.2+ds1` of Debian, and
    `registry github.com/distribution/distribution/v3 v3.1.2` of 3.x.
    """
    found = re.search(r"/distribution(?:/v([0-9]+))? v?([0-9]+)\.", output)
    if not found:
        return None
    return "2.8" if max(int(found[1] or 0), int(found[2])) <= _OLD else "3"


def check_release(settings: RegistryVariables, release: Release | None) -> Iterator[str]:
    """Yield a message for each variable that a release ignores or understands differently.

    Args:
        settings: the variables.
        release: the installed release; where it is unknown, REGISTRY_RELEASE decides.
    """
    wanted = settings.registry_release
    if release and wanted and wanted != release:
        yield f"REGISTRY_RELEASE: {wanted}, and {release} is installed (expected {release})"
    if (release or wanted) == "2.8":
        for name in SINCE_3:
            if name in settings.effective_values:
                yield f"{name.upper()}: not supported by registry 2.8 (expected 3.0 or newer)"
        yield from _check_release_2_8(settings)


def _check_release_2_8(settings: RegistryVariables) -> Iterator[str]:
    if len(settings.redis) > 1:
        yield "REGISTRY_REDIS_ADDR: registry 2.8 supports a single address (expected host:port)"
    if settings.registry_http_tls_letsencrypt_cachefile:
        yield (
            "REGISTRY_HTTP_TLS_LETSENCRYPT_CACHEFILE: registry 2.8 only supports ACME v1, which "
            "was shut down (expected 3.0 or newer, or REGISTRY_HTTP_TLS_CERTIFICATE)"
        )
    chosen = settings.registry_storage_s3_storageclass
    if chosen and chosen not in OLD_STORAGE_CLASSES:
        expected = " or ".join(OLD_STORAGE_CLASSES)
        yield f"REGISTRY_STORAGE_S3_STORAGECLASS: {chosen}: not in 2.8 (expected {expected})"
    if settings.driver == "azure" and not settings.registry_storage_azure_accountkey:
        yield "REGISTRY_STORAGE_AZURE_ACCOUNTKEY: not set (expected the account key; 2.8 needs it)"
