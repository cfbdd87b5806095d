"""Variables in the environment that are meant for a registry but not supported."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from entrykit.variables.names import is_service_link

_PREFIX: Final = "REGISTRY_"
_LINKED: Final = re.compile(r"/[\w.-]+/[\w.-]+")
_EXTRA_YAML_HINT: Final = "REGISTRY_EXTRA_YAML sets anything else"
_S3: Final = "REGISTRY_STORAGE_S3_"
_REDIS: Final = "REGISTRY_REDIS_ADDR=host:port, REGISTRY_REDIS_DB and REGISTRY_REDIS_PASSWORD"

# Variables of registry 0.x and of images built on it. Ignoring one could store images in the wrong
# place, or let anyone in.
_LEGACY: Final[Mapping[str, str]] = {
    "SETTINGS_FLAVOR": "REGISTRY_STORAGE=filesystem or s3, azure, gcs",
    "STORAGE_PATH": "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY, or "
    "REGISTRY_STORAGE_S3_ROOTDIRECTORY with S3",
    "STORAGE_REDIRECT": "REGISTRY_STORAGE_REDIRECT_DISABLE, which has the opposite meaning",
    "AWS_BUCKET": f"{_S3}BUCKET or S3_BUCKET",
    "AWS_KEY": f"{_S3}ACCESSKEY or AWS_ACCESS_KEY_ID",
    "AWS_SECRET": f"{_S3}SECRETKEY or AWS_SECRET_ACCESS_KEY",
    "AWS_HOST": f"{_S3}REGIONENDPOINT or S3_ENDPOINT",
    "AWS_PORT": f"{_S3}REGIONENDPOINT or S3_ENDPOINT, with the port",
    "AWS_ENCRYPT": f"{_S3}ENCRYPT",
    "AWS_SECURE": f"{_S3}SECURE",
    "AWS_CALLING_FORMAT": f"{_S3}FORCEPATHSTYLE",
    "AWS_USE_SIGV4": f"{_S3}V4AUTH, on by default",
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

_FOR_2_8: Final = "removed in 3.x; for 2.8, set it in REGISTRY_EXTRA_YAML"
_REPLACEMENTS: Final[Mapping[str, str]] = {
    "REGISTRY_LOGLEVEL": "expected REGISTRY_LOG_LEVEL",
    "REGISTRY_PORT": "expected e.g. REGISTRY_HTTP_ADDR=:5000",
    "REGISTRY_HOST": "expected REGISTRY_HTTP_ADDR to listen on, or REGISTRY_HTTP_HOST for the URL",
    "REGISTRY_CONFIGURATION_PATH": "expected CONFIG_DIR, where entrykit writes config.yml",
    "REGISTRY_VERSION": "expected REGISTRY_RELEASE",
    "REGISTRY_STORAGE_CACHE_LAYERINFO": "expected REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR",
    "REGISTRY_VALIDATION_ENABLED": "expected REGISTRY_VALIDATION_DISABLED",
}
_REMOVED: Final[Mapping[str, str]] = {
    "REGISTRY_STORAGE_OSS_": _FOR_2_8,
    "REGISTRY_STORAGE_SWIFT_": _FOR_2_8,
    "REGISTRY_REPORTING_": _FOR_2_8,
    "REGISTRY_COMPATIBILITY_": _FOR_2_8,
    "REGISTRY_AUTH_SILLY_": "lets every client in (expected REGISTRY_AUTH=htpasswd, token or none)",
}


def find_unsupported_variables(
    environ: Mapping[str, str], names: Collection[str]
) -> dict[str, str]:
    """Find variables that must not be ignored; return a message for each.

    Args:
        environ: the environment; an empty variable is unset.
        names: the supported variables.
    """
    known = {*names, *(f"{name}_FILE" for name in names)}
    found = {}
    for name in sorted(name for name, value in environ.items() if value and name not in known):
        if today := _LEGACY.get(name.removesuffix("_FILE")):
            found[name] = f"{name}: a variable of an older registry (expected {today})"
        elif name.startswith(_PREFIX) and not _is_service(name, environ):
            found[name] = f"{name}: {_explain(name, known)}"
    if message := _check_temporary_keys(environ):
        found["AWS_SESSION_TOKEN"] = message
    return found


def _is_service(name: str, environ: Mapping[str, str]) -> bool:
    """Whether Kubernetes or `docker --link` set it for a service or container called registry.

    Docker sets REGISTRY_NAME=/consumer/registry, and REGISTRY_ENV_X for each variable X of the
    linked container (Docker, "Legacy container links").
    """
    linked = _LINKED.fullmatch(environ.get("REGISTRY_NAME", ""))
    of_container = name == "REGISTRY_NAME" or name.startswith("REGISTRY_ENV_")
    return is_service_link(name, environ[name]) or bool(linked and of_container)


def find_ignored(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a warning for each variable of an older registry that has no meaning any more."""
    for name in _IGNORED:
        if environ.get(name):
            yield f"{name}: a variable of an older registry without meaning today; ignored"


def _explain(name: str, known: Collection[str]) -> str:
    base = name.removesuffix("_FILE")
    if base in _REPLACEMENTS:
        return f"unknown variable ({_REPLACEMENTS[base]})"
    gone = next((why for start, why in _REMOVED.items() if name.startswith(start)), None)
    if gone:
        return gone
    whole = max((each for each in known if _is_part(name, each)), key=len, default=None)
    if whole:
        return f"sets a part of {whole} (expected {whole} as a whole: a,b or JSON or YAML)"
    from difflib import get_close_matches

    near = get_close_matches(name, sorted(known), n=1, cutoff=0.7)
    expected = near[0] if near else "one that `entrykit env registry` lists"
    return f"unknown variable (expected {expected}; {_EXTRA_YAML_HINT})"


def _is_part(name: str, whole: str) -> bool:
    """Whether upstream would set an item of a list by index, or of a map by key."""
    rest = name.removeprefix(f"{whole}_")
    maps = ("_HEADERS", "_FIELDS", "_ENDPOINTS", "_HOOKS", "REGISTRY_MIDDLEWARE_STORAGE")
    return rest != name and (bool(re.match(r"[0-9]+(_|$)", rest)) or whole.endswith(maps))


def _check_temporary_keys(environ: Mapping[str, str]) -> str | None:
    """Refuse keys that need a session token: config.yml has no setting for it.

    The drivers of 2.8 and 3.1 omit it, and every request would fail.
    """
    keys = ("AWS_ACCESS_KEY_ID", "REGISTRY_STORAGE_S3_ACCESSKEY")
    given = [key for key in keys if environ.get(key) or environ.get(f"{key}_FILE")]
    if not (environ.get("AWS_SESSION_TOKEN") and given):
        return None
    if environ.get("REGISTRY_STORAGE", "s3") != "s3":
        return None
    return (
        f"AWS_SESSION_TOKEN: set together with {given[0]}, but the registry does not support "
        "temporary keys (expected a role, e.g. by AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, or "
        "long-term keys)"
    )
