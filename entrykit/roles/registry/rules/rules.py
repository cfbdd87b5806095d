"""Conflicts between variables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from entrykit.display import display
from entrykit.errors import InvalidValue
from entrykit.roles.registry.release import check_release
from entrykit.roles.registry.rules.extra_yaml import check_extra_yaml
from entrykit.roles.registry.rules.storage import check_storage
from entrykit.roles.registry.variables.sensitive import get_nested
from entrykit.variables.parsers import parse_host_port

if TYPE_CHECKING:
    from entrykit.roles.registry.variables.model import RegistryVariables

_TLS: Final = "REGISTRY_HTTP_TLS_"
_TOKEN: Final = "REGISTRY_AUTH_TOKEN_"  # noqa: S105 -- the name of a variable
_EVERY_ADDRESS: Final = frozenset({"", "0.0.0.0", "[::]"})  # noqa: S104 -- compared, not listened on
_USERS: Final = "REGISTRY_AUTH_HTPASSWD_USERS"
_PATH: Final = "REGISTRY_AUTH_HTPASSWD_PATH"


def conflicts(settings: RegistryVariables) -> Iterator[str]:
    """Yield a message for each conflict between variables that are valid by themselves."""
    yield from check_storage(settings)
    yield from _check_auth(settings)
    yield from _check_tls(settings)
    yield from _check_acme(settings)
    yield from _check_http(settings)
    yield from _check_proxy(settings)
    yield from _check_redis(settings)
    yield from _check_replicas(settings)
    yield from _check_platforms(settings)
    yield from check_extra_yaml(settings)
    if settings.registry_release:
        yield from check_release(settings, None)


def _check_auth(settings: RegistryVariables) -> Iterator[str]:
    (chosen, by), *others = [*settings.logins.items()] or [("none", "")]
    for kind, name in others:
        yield f"{name}: for {kind}, but {by} is set for {chosen} (expected one kind of auth)"
    foreign = settings.extra_kinds("auth")
    if by and foreign and foreign != [chosen]:
        yield f"REGISTRY_EXTRA_YAML: has another kind of auth than {by} (expected {chosen})"
    if chosen == "htpasswd" and not foreign:
        yield from _check_htpasswd(settings)
    if chosen == "token" and not foreign:
        yield from _check_token(settings)


def _check_htpasswd(settings: RegistryVariables) -> Iterator[str]:
    users, path = settings.registry_auth_htpasswd_users, settings.registry_auth_htpasswd_path
    if users and path:
        yield f"{_USERS} and {_PATH} are both set; set only one"
    if "registry_auth_htpasswd_path" not in settings.model_fields_set and not users:
        yield f"{_USERS}: not set, nor is {_PATH} (expected one of them, or no client could log in)"


def _check_token(settings: RegistryVariables) -> Iterator[str]:
    for leaf in ("realm", "service", "issuer"):
        if getattr(settings, f"registry_auth_token_{leaf}") is None:
            yield f"{_TOKEN}{leaf.upper()}: not set (REGISTRY_AUTH=token needs it)"
    if not (settings.registry_auth_token_rootcertbundle or settings.registry_auth_token_jwks):
        yield f"{_TOKEN}ROOTCERTBUNDLE: not set (expected it or, with 3.x, {_TOKEN}JWKS)"


def _check_tls(settings: RegistryVariables) -> Iterator[str]:
    certificate, key = settings.registry_http_tls_certificate, settings.registry_http_tls_key
    if (certificate is None) != (key is None):
        given, lacking = ("CERTIFICATE", "KEY") if certificate else ("KEY", "CERTIFICATE")
        yield f"{_TLS}{lacking}: not set, but {_TLS}{given} is (expected both or none)"
    acme = settings.registry_http_tls_letsencrypt_cachefile
    if not (certificate or key or acme):
        for leaf in ("clientcas", "clientauth", "minimumtls", "ciphersuites"):
            if getattr(settings, f"registry_http_tls_{leaf}"):
                yield f"{_TLS}{leaf.upper()}: set, but {_TLS}CERTIFICATE is not (expected both)"
    if settings.registry_http_tls_clientauth and not settings.registry_http_tls_clientcas:
        yield f"{_TLS}CLIENTAUTH: set, but {_TLS}CLIENTCAS is not (expected both)"


def _check_acme(settings: RegistryVariables) -> Iterator[str]:
    cache, hosts = f"{_TLS}LETSENCRYPT_CACHEFILE", settings.registry_http_tls_letsencrypt_hosts
    if not settings.registry_http_tls_letsencrypt_cachefile:
        for leaf in ("email", "hosts", "directoryurl"):
            if getattr(settings, f"registry_http_tls_letsencrypt_{leaf}"):
                name = f"{_TLS}LETSENCRYPT_{leaf.upper()}"
                yield f"{name}: set, but {cache} is not (expected both)"
        return
    if settings.registry_http_tls_certificate:
        yield f"{cache} and {_TLS}CERTIFICATE are both set; set only one"
    if not hosts:
        yield f"{_TLS}LETSENCRYPT_HOSTS: not set (expected the host names of the certificates)"


def _check_http(settings: RegistryVariables) -> Iterator[str]:
    addr, debug = settings.registry_http_addr, settings.registry_http_debug_addr
    if addr.startswith("/") != (settings.registry_http_net == "unix"):
        yield (
            f"REGISTRY_HTTP_ADDR: {display(addr)}: not valid for this REGISTRY_HTTP_NET (expected "
            "a path for unix, or an address and a port for tcp)"
        )
    if debug and debug.startswith((":", "/")):
        yield (
            f"REGISTRY_HTTP_DEBUG_ADDR: {display(debug)}: shows profiles and secrets to every "
            f"client (expected 127.0.0.1{debug if debug[0] == ':' else ':5001'}; or 0.0.0.0, if "
            "that is intended)"
        )
    if debug and _overlap(debug, addr):
        yield "REGISTRY_HTTP_DEBUG_ADDR: the same as REGISTRY_HTTP_ADDR (expected another port)"
    for leaf in ("enabled", "path"):
        if getattr(settings, f"registry_http_debug_prometheus_{leaf}") and not debug:
            name = f"REGISTRY_HTTP_DEBUG_PROMETHEUS_{leaf.upper()}"
            yield f"{name}: set, but REGISTRY_HTTP_DEBUG_ADDR is not (expected both)"


def _overlap(one: str, other: str) -> bool:
    """Whether two addresses cannot both be bound: a wildcard includes every address."""
    (host, _, port), (other_host, _, other_port) = one.rpartition(":"), other.rpartition(":")
    return port == other_port and (
        host == other_host or not _EVERY_ADDRESS.isdisjoint({host, other_host})
    )


def _check_proxy(settings: RegistryVariables) -> Iterator[str]:
    remote = settings.registry_proxy_remoteurl
    names = ("username", "password", "ttl", "cachewritetimeout", "exec_command", "exec_lifetime")
    given = [name for name in names if getattr(settings, f"registry_proxy_{name}") is not None]
    if not remote:
        for name in given:
            yield (
                f"REGISTRY_PROXY_{name.upper()}: set, but REGISTRY_PROXY_REMOTEURL is not "
                "(expected both)"
            )
        return
    if ("username" in given) != ("password" in given):
        lacking = "PASSWORD" if "username" in given else "USERNAME"
        yield f"REGISTRY_PROXY_{lacking}: not set (expected both a user and a password, or none)"
    if "exec_command" in given and "username" in given:
        yield "REGISTRY_PROXY_EXEC_COMMAND and REGISTRY_PROXY_USERNAME are both set; set only one"
    if settings.registry_proxy_ttl != "0s" and not settings.registry_storage_delete_enabled:
        yield (
            "REGISTRY_STORAGE_DELETE_ENABLED: off, so the cache cannot drop expired contents "
            "(expected on or, with 3.x, REGISTRY_PROXY_TTL=0)"
        )


def _check_redis(settings: RegistryVariables) -> Iterator[str]:
    one, other = settings.registry_redis_addr, settings.registry_redis_addrs
    if one and other and one != other:
        yield "REGISTRY_REDIS_ADDRS: differs from REGISTRY_REDIS_ADDR (expected only one of them)"
    for address in settings.redis:
        try:
            parse_host_port(address)
        except InvalidValue as error:
            yield from (f"REGISTRY_REDIS_ADDR: {message}" for message in error.messages)
    if settings.redis or "redis" in settings.extra:
        pair = settings.registry_redis_tls_certificate, settings.registry_redis_tls_key
        if (pair[0] is None) != (pair[1] is None):
            lacking = "KEY" if pair[0] else "CERTIFICATE"
            yield f"REGISTRY_REDIS_TLS_{lacking}: not set (expected a certificate and its key)"
        return
    names = sorted(name for name in settings.model_fields_set if name.startswith("registry_redis_"))
    for name in names:
        yield f"{name.upper()}: set, but REGISTRY_REDIS_ADDR is not (expected both)"
    if settings.registry_storage_cache_blobdescriptor == "redis":
        yield "REGISTRY_REDIS_ADDR: not set (expected host:port; the cache in redis needs it)"


def _check_replicas(settings: RegistryVariables) -> Iterator[str]:
    if settings.registry_replicas == 1:
        return
    secret = settings.registry_http_secret or get_nested(settings.extra, "http", "secret")
    if not secret and not settings.registry_proxy_remoteurl:
        yield (
            f"REGISTRY_HTTP_SECRET: not set, but REGISTRY_REPLICAS is {settings.registry_replicas} "
            "(expected the same secret for all; `openssl rand -hex 32` prints one)"
        )
    if settings.driver == "inmemory":
        yield (
            "REGISTRY_REPLICAS: storage in memory is not shared (expected another kind of storage)"
        )


def _check_platforms(settings: RegistryVariables) -> Iterator[str]:
    base = "REGISTRY_VALIDATION_MANIFESTS_INDEXES_PLATFORM"
    chosen = settings.registry_validation_manifests_indexes_platforms
    if (chosen == "list") != bool(settings.registry_validation_manifests_indexes_platformlist):
        yield f"{base}LIST: belongs to {base}S=list (expected both or none)"
