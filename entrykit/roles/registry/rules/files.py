"""The files that variables name, on this host."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from entrykit.roles.registry.variables.sensitive import get_nested
from entrykit.roles.registry.variables.users import HASH_HINT, has_bcrypt_hash

if TYPE_CHECKING:
    from entrykit.roles.registry.variables.model import RegistryVariables

_MAX_BYTES: Final = 16 << 20
_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"

ContentCheck = Callable[[bytes], str | None]


def check_files(settings: RegistryVariables) -> Iterator[str]:
    """Yield a message for each file that is missing, unreadable or of the wrong content."""
    yield from _check_pair(settings, "registry_http_tls")
    yield from _check_pair(settings, "registry_redis_tls")
    if settings.login == "htpasswd" and not settings.registry_auth_htpasswd_users:
        yield from _check_each(settings, "registry_auth_htpasswd_path", _check_passwords)
    yield from _check_extra_passwords(settings)
    if settings.login == "token":
        yield from _check_each(settings, "registry_auth_token_rootcertbundle", _check_certificates)
        yield from _check_each(settings, "registry_auth_token_jwks", _check_json)
    yield from _check_each(settings, "registry_http_tls_clientcas", _check_certificates)
    yield from _check_each(settings, "registry_redis_tls_rootcas", _check_certificates)
    yield from _check_each(settings, "registry_storage_gcs_keyfile", _check_json)
    yield from _check_program(settings)


def _check_each(settings: RegistryVariables, field: str, check: ContentCheck) -> Iterator[str]:
    given = getattr(settings, field) or []
    for path in [given] if isinstance(given, str) else given:
        reason = _check_file(path, check)
        if reason:
            yield f"{field.upper()}: {path}: {reason}"


def _check_file(path: str, check: ContentCheck) -> str | None:
    if os.path.exists(path) and not os.path.isfile(path):
        return "not a file"
    try:
        with open(path, "rb") as file:
            return check(file.read(_MAX_BYTES))
    except OSError as error:
        return f"{error.strerror} (as uid {os.geteuid()})"


def _check_pair(settings: RegistryVariables, section: str) -> Iterator[str]:
    certificate, key = (
        getattr(settings, f"{section}_certificate"),
        getattr(settings, f"{section}_key"),
    )
    errors = [*_check_each(settings, f"{section}_certificate", _check_certificates)]
    errors += _check_each(settings, f"{section}_key", _accept_anything)
    yield from errors
    if certificate and key and not errors:
        from entrykit.tls.pem import InvalidPem, refuse_pair

        try:
            refuse_pair(certificate, key)
        except InvalidPem as reason:
            yield f"{section.upper()}_KEY: {key} for {certificate}: {reason}"


def _accept_anything(_data: bytes) -> str | None:
    return None


def _check_certificates(data: bytes) -> str | None:
    if _CERTIFICATE not in data:
        return "no certificate in PEM format"
    return None


def _check_json(data: bytes) -> str | None:
    with suppress(ValueError):
        if isinstance(json.loads(data), dict):
            return None
    return "not a JSON object"


def _check_passwords(data: bytes) -> str | None:
    """Read as the registry does: it skips empty lines and comments, and only accepts bcrypt."""
    lines = [line.strip() for line in data.decode(errors="replace").splitlines()]
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line and line[0] != "#"]
    if not numbered:
        return f"no users ({HASH_HINT})"
    bad = [str(number) for number, line in numbered if not has_bcrypt_hash(line)]
    return f"line {', '.join(bad[:5])}: not a bcrypt hash ({HASH_HINT})" if bad else None


def _check_extra_passwords(settings: RegistryVariables) -> Iterator[str]:
    """Check the password file of REGISTRY_EXTRA_YAML: the registry would create a missing one."""
    path = get_nested(settings.extra, "auth", "htpasswd", "path")
    own_path = settings.htpasswd_path if settings.registry_auth_htpasswd_users else None
    if (
        isinstance(path, str)
        and path != own_path
        and (reason := _check_file(path, _check_passwords))
    ):
        yield f"REGISTRY_EXTRA_YAML: auth.htpasswd.path: {path}: {reason}"


def _check_program(settings: RegistryVariables) -> Iterator[str]:
    path = settings.registry_proxy_exec_command
    if path and not (os.path.isfile(path) and os.access(path, os.X_OK)):
        yield f"REGISTRY_PROXY_EXEC_COMMAND: {path}: not executable (as uid {os.geteuid()})"
