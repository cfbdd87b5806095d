"""The last resort: send HUP to HAProxy's container over Docker's socket.

A process that may write to that socket is root on the host (Docker's documentation,
"Docker daemon attack surface"), so it is not used unless HAPROXY_CONTAINER is set.
"""

from __future__ import annotations

from typing import Final

DOCKER_SOCKET: Final = "/var/run/docker.sock"

_TIMEOUT: Final = 5.0  # seconds for the whole exchange
_MAX_BYTES: Final = 8192  # of an answer that are read; it is one sentence
_NO_CONTENT: Final = 204


def send_hup(container: str) -> None:
    """Make HAProxy reload its files: its master process takes HUP as a reload.

    ContainerKill of Docker's API answers 204, or an object with a message.

    Args:
        container: its name or ID.

    Raises:
        OSError: Docker does not answer, or refuses.
    """
    from http.client import HTTPConnection, HTTPException
    from urllib.parse import quote

    from entrykit.roles.certbot.deadline_socket import connect_unix

    connection = HTTPConnection("localhost")
    try:
        connection.sock = connect_unix(DOCKER_SOCKET, _TIMEOUT)
        connection.request("POST", f"/containers/{quote(container, safe='')}/kill?signal=HUP")
        response = connection.getresponse()
        if response.status != _NO_CONTENT:
            message = _extract_message(response.read(_MAX_BYTES))
            raise OSError(f"Docker answers {response.status}: {message}")
    except HTTPException as error:
        raise OSError(f"Docker does not answer as it should: {error!r}") from None
    finally:
        connection.close()


def _extract_message(body: bytes) -> str:
    import json

    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace").strip()
