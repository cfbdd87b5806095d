"""Answers on certbot's port while certbot itself does not run."""

from __future__ import annotations

import os
from threading import Thread
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from entrykit.roles.certbot.ordering.challenge_server import ChallengeServer

CHALLENGE_PATH: Final = "/.well-known/acme-challenge/"  # RFC 8555, 8.3


class Listener:
    """Answers on certbot's port while certbot itself does not run.

    Args:
        port: plan.port; on every address of the host, as certbot's standalone.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._server: ChallengeServer | None = None
        self._thread: Thread | None = None
        self._answers: dict[str, str] = {}

    def open(self) -> None:
        """Listen, if it does not yet.

        Raises:
            OSError: another process has the port.
        """
        from entrykit.roles.certbot.ordering.challenge_server import ChallengeServer

        if self._server:
            return
        self._server = ChallengeServer(self._port, self._answers)
        self._thread = Thread(target=self._server.run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Release the port for certbot."""
        server, self._server = self._server, None
        if server and self._thread:
            server.stop()
            self._thread.join()

    def expect(self, token: str) -> str:
        """Answer a token from now on; return the text, which cannot be derived from the request."""
        answer = f"{token}.{os.urandom(16).hex()}"
        return self._answers.setdefault(CHALLENGE_PATH + token, answer)

    def forget(self) -> None:
        """Stop answering tokens."""
        self._answers.clear()
