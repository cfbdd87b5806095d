"""The files that variables name, as they are on this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from entrykit.roles.registry.variables.sensitive import at
from entrykit.roles.registry.variables.users import MAKE_A_HASH, is_hashed

if TYPE_CHECKING:
    from entrykit.roles.registry.settings import RegistrySettings

_LARGEST: Final = 16 << 20
_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"

Judge = Callable[[bytes], str | None]


def file_faults(settings: RegistrySettings) -> Iterator[str]:
    """Yield a fault for each file that is not there, cannot be read, or is not what it is for."""
    yield from _pair(settings, "registry_http_tls")
    yield from _pair(settings, "registry_redis_tls")
    if settings.login == "htpasswd" and not settings.registry_auth_htpasswd_users:
        yield from _each(settings, "registry_auth_htpasswd_path", _passwords)
    yield from _extra_passwords(settings)
    if settings.login == "token":
        yield from _each(settings, "registry_auth_token_rootcertbundle", _certificates)
        yield from _each(settings, "registry_auth_token_jwks", _json)
    yield from _each(settings, "registry_http_tls_clientcas", _certificates)
    yield from _each(settings, "registry_redis_tls_rootcas", _certificates)
    yield from _each(settings, "registry_storage_gcs_keyfile", _json)
    yield from _program(settings)


def _each(settings: RegistrySettings, field: str, judge: Judge) -> Iterator[str]:
    given = getattr(settings, field) or []
    for path in [given] if isinstance(given, str) else given:
        reason = _fault(path, judge)
        if reason:
            yield f"{field.upper()}: {path}: {reason}"


def _fault(path: str, judge: Judge) -> str | None:
    if os.path.exists(path) and not os.path.isfile(path):
        return "not a file"
    try:
        with open(path, "rb") as file:
            return judge(file.read(_LARGEST))
    except OSError as error:
        return f"{error.strerror} (as uid {os.geteuid()})"


def _pair(settings: RegistrySettings, section: str) -> Iterator[str]:
    certificate, key = (
        getattr(settings, f"{section}_certificate"),
        getattr(settings, f"{section}_key"),
    )
    faults = [*_each(settings, f"{section}_certificate", _certificates)]
    faults += _each(settings, f"{section}_key", _anything)
    yield from faults
    if certificate and key and not faults:
        from entrykit.tls.pem import Refusal, refuse_pair

        try:
            refuse_pair(certificate, key)
        except Refusal as reason:
            yield f"{section.upper()}_KEY: {key} for {certificate}: {reason}"


def _anything(_data: bytes) -> str | None:
    return None


def _certificates(data: bytes) -> str | None:
    if _CERTIFICATE not in data:
        return "no certificate in PEM format"
    return None


def _json(data: bytes) -> str | None:
    with suppress(ValueError):
        if isinstance(json.loads(data), dict):
            return None
    return "not a JSON object"


def _passwords(data: bytes) -> str | None:
    """Judge as the registry reads: it skips empty lines and comments, and takes bcrypt alone."""
    lines = [line.strip() for line in data.decode(errors="replace").splitlines()]
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line and line[0] != "#"]
    if not numbered:
        return f"no user in it ({MAKE_A_HASH})"
    bad = [str(number) for number, line in numbered if not is_hashed(line)]
    return f"line {', '.join(bad[:5])}: no bcrypt hash ({MAKE_A_HASH})" if bad else None


def _extra_passwords(settings: RegistrySettings) -> Iterator[str]:
    """Judge a password file of REGISTRY_EXTRA_YAML: the check already would make a missing one."""
    path = at(settings.extra, "auth", "htpasswd", "path")
    ours = settings.htpasswd if settings.registry_auth_htpasswd_users else None
    if isinstance(path, str) and path != ours and (reason := _fault(path, _passwords)):
        yield f"REGISTRY_EXTRA_YAML: auth.htpasswd.path: {path}: {reason}"


def _program(settings: RegistrySettings) -> Iterator[str]:
    path = settings.registry_proxy_exec_command
    if path and not (os.path.isfile(path) and os.access(path, os.X_OK)):
        yield f"REGISTRY_PROXY_EXEC_COMMAND: {path}: not a program (as uid {os.geteuid()})"
