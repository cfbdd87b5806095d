"""The last resort: HUP to HAProxy's container, over Docker's own socket.

Whoever may write to that socket is root on the host (Docker's documentation,
"Docker daemon attack surface"), so nothing uses it unless HAPROXY_CONTAINER is set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import socket

DOCKER: Final = "/var/run/docker.sock"

_SECONDS: Final = 5.0
_NO_CONTENT: Final = 204


def hang_up(container: str) -> None:
    """Have HAProxy read its files anew: its master process takes HUP as a reload.

    ContainerKill of Docker's API answers 204, or an object with a message.

    Args:
        container: its name or ID.

    Raises:
        OSError: Docker does not answer, or refuses.
    """
    from http.client import HTTPConnection, HTTPException
    from urllib.parse import quote

    connection = HTTPConnection("localhost", timeout=_SECONDS)
    try:
        connection.sock = _connected()
        connection.request("POST", f"/containers/{quote(container, safe='')}/kill?signal=HUP")
        response = connection.getresponse()
        if response.status != _NO_CONTENT:
            raise OSError(f"Docker answers {response.status}: {_message(response.read())}")
    except HTTPException as error:
        raise OSError(f"Docker does not answer as it should: {error!r}") from None
    finally:
        connection.close()


def _connected() -> socket.socket:
    import socket

    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_SECONDS)
    try:
        connection.connect(DOCKER)
    except OSError as error:
        connection.close()
        raise OSError(error.errno, error.strerror, DOCKER) from None
    return connection


def _message(body: bytes) -> str:
    import json

    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace").strip()
