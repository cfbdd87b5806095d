"""Certificates whose time it is not: they are served, and the other side judges them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from entrykit.roles.registry.settings import RegistrySettings

_OURS: Final = ("registry_http_tls_certificate", "registry_redis_tls_certificate")
_LARGEST: Final = 1 << 20


def dates(settings: RegistrySettings) -> Iterator[str]:
    """Yield a warning for each certificate of ours that has expired, or is not valid yet.

    One that cannot be read is a fault, which is told elsewhere; or it is not there, where files
    are only rendered.
    """
    for field in _OURS:
        path = getattr(settings, field)
        if path and os.path.isfile(path) and (reason := _untimely(path)):
            yield f"{field.upper()}: {path}: {reason}"


def _untimely(path: str) -> str | None:
    import time

    from entrykit.tls import pem, x509

    try:
        with open(path, "rb") as file:
            begin, end = x509.validity(pem.leaf(file.read(_LARGEST)))
    except (OSError, ValueError):
        return None
    if begin <= (now := time.time()) <= end:
        return None
    word, moment = ("expired on", end) if end < now else ("not valid before", begin)
    return f"{word} {time.strftime('%Y-%m-%d %H:%M', time.gmtime(moment))} UTC"
