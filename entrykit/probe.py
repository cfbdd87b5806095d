"""One look at something that is waited for: is it there?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from entrykit.variables.targets import Target

if TYPE_CHECKING:
    from http.client import HTTPConnection


def missing(target: Target, seconds: float) -> str | None:
    """Look once.

    Args:
        target: what for.
        seconds: the most that a network may be silent.

    Returns:
        None if it is there; else what was seen in its place.
    """
    try:
        return _PROBES[target.kind](target, seconds)
    except TimeoutError:
        return "no answer"
    except OSError as error:
        return _said(error)


def _said(error: OSError) -> str:
    """Shorten what the system says; ssl's words come with the place in its source."""
    reason = getattr(error, "verify_message", None)
    if reason:
        return f"certificate verify failed: {reason}"
    return str(error.strerror or error)


def _tcp(target: Target, seconds: float) -> str | None:
    import socket

    socket.create_connection((target.host, target.port), seconds).close()
    return None


def _unix(target: Target, seconds: float) -> str | None:
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(seconds)
        connection.connect(target.path)
    return None


def _file(target: Target, _seconds: float) -> str | None:
    os.stat(target.path)
    return None


def _http(target: Target, seconds: float) -> str | None:
    """Ask with GET; a redirect is an answer too, and is not followed."""
    from http.client import HTTPException

    connection = _connection(target, seconds)
    try:
        connection.request("GET", target.path, headers={"User-Agent": "entrykit"})
        answer = connection.getresponse()
    except HTTPException as error:
        return f"no HTTP: {type(error).__name__}"
    finally:
        connection.close()
    return None if 200 <= answer.status < 400 else f"status {answer.status}"  # noqa: PLR2004 -- RFC 9110, 15


def _connection(target: Target, seconds: float) -> HTTPConnection:
    from http.client import HTTPConnection, HTTPSConnection

    if target.kind == "http":
        return HTTPConnection(target.host, target.port, timeout=seconds)
    from ssl import create_default_context

    context = create_default_context()
    return HTTPSConnection(target.host, target.port, timeout=seconds, context=context)


_PROBES = {"tcp": _tcp, "unix": _unix, "file": _file, "http": _http, "https": _http}
