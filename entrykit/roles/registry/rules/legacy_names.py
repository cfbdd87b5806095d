"""Names in the environment that are none of ours and still were meant for a registry."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from entrykit.variables.service_links import is_service_link

_PREFIX: Final = "REGISTRY_"
_LINKED: Final = re.compile(r"/[\w.-]+/[\w.-]+")
_EXTRA_YAML_HINT: Final = "REGISTRY_EXTRA_YAML takes what has no variable"
_S3: Final = "REGISTRY_STORAGE_S3_"
_REDIS: Final = "REGISTRY_REDIS_ADDR=host:port, REGISTRY_REDIS_DB and REGISTRY_REDIS_PASSWORD"

# Names of the registry 0.x and of images made for it. Who leaves them out of account stores
# images elsewhere, or lets others in.
_LEGACY: Final[Mapping[str, str]] = {
    "SETTINGS_FLAVOR": "REGISTRY_STORAGE=filesystem or s3, azure, gcs",
    "STORAGE_PATH": "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY, or "
    "REGISTRY_STORAGE_S3_ROOTDIRECTORY with S3",
    "STORAGE_REDIRECT": "REGISTRY_STORAGE_REDIRECT_DISABLE, which means the contrary",
    "AWS_BUCKET": f"{_S3}BUCKET or S3_BUCKET",
    "AWS_KEY": f"{_S3}ACCESSKEY or AWS_ACCESS_KEY_ID",
    "AWS_SECRET": f"{_S3}SECRETKEY or AWS_SECRET_ACCESS_KEY",
    "AWS_HOST": f"{_S3}REGIONENDPOINT or S3_ENDPOINT",
    "AWS_PORT": f"{_S3}REGIONENDPOINT or S3_ENDPOINT, with the port",
    "AWS_ENCRYPT": f"{_S3}ENCRYPT",
    "AWS_SECURE": f"{_S3}SECURE",
    "AWS_CALLING_FORMAT": f"{_S3}FORCEPATHSTYLE",
    "AWS_USE_SIGV4": f"{_S3}V4AUTH, on unless set",
    "S3_ACCESS_KEY": f"{_S3}ACCESSKEY or AWS_ACCESS_KEY_ID",
    "S3_SECRET_KEY": f"{_S3}SECRETKEY or AWS_SECRET_ACCESS_KEY",
    "S3_REGION": f"{_S3}REGION or AWS_REGION",
    "AZURE_STORAGE_ACCOUNT_NAME": "REGISTRY_STORAGE_AZURE_ACCOUNTNAME",
    "AZURE_STORAGE_ACCOUNT_KEY": "REGISTRY_STORAGE_AZURE_ACCOUNTKEY",
    "AZURE_STORAGE_CONTAINER": "REGISTRY_STORAGE_AZURE_CONTAINER",
    "GCS_BUCKET": "REGISTRY_STORAGE_GCS_BUCKET",
    "GCS_KEY": "REGISTRY_STORAGE_GCS_KEYFILE",
    "GCS_SECRET": "REGISTRY_STORAGE_GCS_KEYFILE",
    "MIRROR_SOURCE": "REGISTRY_PROXY_REMOTEURL",
    "MIRROR_SOURCE_INDEX": "REGISTRY_PROXY_REMOTEURL",
    "CACHE_REDIS_HOST": _REDIS,
    "CACHE_REDIS_PORT": _REDIS,
    "CACHE_REDIS_DB": _REDIS,
    "CACHE_REDIS_PASSWORD": _REDIS,
    "CACHE_LRU_REDIS_HOST": _REDIS,
    "CACHE_LRU_REDIS_PORT": _REDIS,
    "CACHE_LRU_REDIS_DB": _REDIS,
    "CACHE_LRU_REDIS_PASSWORD": _REDIS,
    "DISABLE_TOKEN_AUTH": "REGISTRY_AUTH=htpasswd, token or none",
    "DOCKER_REGISTRY_CONFIG": "variables, and REGISTRY_EXTRA_YAML",
}
_IGNORED: Final = (
    *("GUNICORN_WORKERS", "GUNICORN_OPTS", "GUNICORN_GRACEFUL_TIMEOUT", "SEARCH_BACKEND"),
    *("STANDALONE", "INDEX_ENDPOINT", "MIRROR_TAGS_CACHE_TTL", "SQLALCHEMY_INDEX_DATABASE"),
)

_FOR_2_8: Final = "gone in 3.x; with 2.8 it goes into REGISTRY_EXTRA_YAML"
_REPLACEMENTS: Final[Mapping[str, str]] = {
    "REGISTRY_LOGLEVEL": "expected REGISTRY_LOG_LEVEL",
    "REGISTRY_PORT": "expected REGISTRY_HTTP_ADDR=:5000, say",
    "REGISTRY_HOST": "expected REGISTRY_HTTP_ADDR to listen, REGISTRY_HTTP_HOST for its URL",
    "REGISTRY_CONFIGURATION_PATH": "expected CONFIG_DIR: config.yml there is written by entrykit",
    "REGISTRY_VERSION": "expected REGISTRY_RELEASE",
    "REGISTRY_STORAGE_CACHE_LAYERINFO": "expected REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR",
    "REGISTRY_VALIDATION_ENABLED": "expected REGISTRY_VALIDATION_DISABLED",
}
_REMOVED: Final[Mapping[str, str]] = {
    "REGISTRY_STORAGE_OSS_": _FOR_2_8,
    "REGISTRY_STORAGE_SWIFT_": _FOR_2_8,
    "REGISTRY_REPORTING_": _FOR_2_8,
    "REGISTRY_COMPATIBILITY_": "schema 1 is gone in 3.x, and 2.8 takes it in REGISTRY_EXTRA_YAML",
    "REGISTRY_AUTH_SILLY_": "lets everybody in: expected REGISTRY_AUTH=htpasswd, token or none",
}


def find_unsupported_variables(
    environ: Mapping[str, str], names: Collection[str]
) -> dict[str, str]:
    """Name what is set and cannot be left out of account, each with its fault.

    Args:
        environ: the variables; an empty one is not set.
        names: those that there are.
    """
    known = {*names, *(f"{name}_FILE" for name in names)}
    found = {}
    for name in sorted(name for name, value in environ.items() if value and name not in known):
        if today := _LEGACY.get(name.removesuffix("_FILE")):
            found[name] = f"{name}: of an older registry (expected {today})"
        elif name.startswith(_PREFIX) and not _is_service(name, environ):
            found[name] = f"{name}: {_explain(name, known)}"
    if fault := _check_temporary_keys(environ):
        found["AWS_SESSION_TOKEN"] = fault
    return found


def _is_service(name: str, environ: Mapping[str, str]) -> bool:
    """Whether it comes of a service: Kubernetes', or a container that `docker --link` has named.

    Of the latter there are REGISTRY_NAME=/us/registry and the container's own variables as
    REGISTRY_ENV_X (Docker, "Legacy container links").
    """
    linked = _LINKED.fullmatch(environ.get("REGISTRY_NAME", ""))
    of_container = name == "REGISTRY_NAME" or name.startswith("REGISTRY_ENV_")
    return is_service_link(name, environ[name]) or bool(linked and of_container)


def find_ignored(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a warning for each name of an older registry that has lost its meaning."""
    for name in _IGNORED:
        if environ.get(name):
            yield f"{name}: of an older registry, and without a meaning today: ignored"


def _explain(name: str, known: Collection[str]) -> str:
    base = name.removesuffix("_FILE")
    if base in _REPLACEMENTS:
        return f"no such variable ({_REPLACEMENTS[base]})"
    gone = next((why for start, why in _REMOVED.items() if name.startswith(start)), None)
    if gone:
        return gone
    whole = max((each for each in known if _is_part(name, each)), key=len, default=None)
    if whole:
        return f"a part of {whole} (expected {whole} as a whole: a,b or JSON or YAML)"
    from difflib import get_close_matches

    near = get_close_matches(name, sorted(known), n=1, cutoff=0.7)
    expected = near[0] if near else "one that `entrykit env registry` lists"
    return f"no such variable (expected {expected}; {_EXTRA_YAML_HINT})"


def _is_part(name: str, whole: str) -> bool:
    """Whether upstream would put it into a list by number, or into a map by key."""
    rest = name.removeprefix(f"{whole}_")
    maps = ("_HEADERS", "_FIELDS", "_ENDPOINTS", "_HOOKS", "REGISTRY_MIDDLEWARE_STORAGE")
    return rest != name and (bool(re.match(r"[0-9]+(_|$)", rest)) or whole.endswith(maps))


def _check_temporary_keys(environ: Mapping[str, str]) -> str | None:
    """Refuse keys that need a third part: config.yml has no place for it.

    The drivers of 2.8 and 3.1 leave it out, and every request would fail.
    """
    keys = ("AWS_ACCESS_KEY_ID", "REGISTRY_STORAGE_S3_ACCESSKEY")
    given = [key for key in keys if environ.get(key) or environ.get(f"{key}_FILE")]
    if not (environ.get("AWS_SESSION_TOKEN") and given):
        return None
    if environ.get("REGISTRY_STORAGE", "s3") != "s3":
        return None
    return (
        f"AWS_SESSION_TOKEN: set, and {given[0]} as well: the registry has no place for keys that "
        "expire (expected a role, as AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, or lasting keys)"
    )
