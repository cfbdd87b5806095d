"""The map from host names to groups of certificates, in a HAProxy that runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from entrykit.roles.certbot.delivery.admin_socket import AdminSocket, RefusedError

_MAP: Final = "tls/names.map"  # what haproxy.cfg calls it
_CHUNK: Final = 12 << 10  # bytes of a map at a time; before 3.4 a command has 16 KiB in all
_SPECIAL: Final = re.compile(r"([^A-Za-z0-9_.*-])")


class NamesMap:
    """The map in HAProxy's memory, but not its file.

    Args:
        socket: HAProxy's admin socket, whose errors every method may raise.
    """

    def __init__(self, socket: AdminSocket) -> None:
        self._socket = socket

    def groups(self) -> dict[str, str]:
        """Return the map of names as HAProxy has it.

        Raises:
            RefusedError: it has none.
        """
        answer = self._socket.ask(f"show map {_MAP}")
        lines = [line.split(" ", 2) for line in answer.splitlines() if line]
        if not all(line[0].startswith("0x") for line in lines):
            raise RefusedError(answer)
        return {name: group for _, name, group in lines}

    def add(self, groups: Mapping[str, str]) -> None:
        """Add names that the map does not have.

        Raises:
            RefusedError: HAProxy refused.
        """
        for payload in _split_chunks(f"{name} {group}\n" for name, group in groups.items()):
            self._expect_silence(f"add map {_MAP}", payload.encode(errors="surrogateescape"))

    def set(self, name: str, group: str) -> None:
        """Give a name of the map another group.

        Raises:
            RefusedError: HAProxy refused.
        """
        escaped = _SPECIAL.sub(r"\\\1", group)
        self._expect_silence(f"set map {_MAP} {name} {escaped}")

    def delete(self, name: str) -> None:
        """Remove a name from the map.

        Raises:
            RefusedError: HAProxy refused.
        """
        self._expect_silence(f"del map {_MAP} {name}")

    def _expect_silence(self, command: str, payload: bytes = b"") -> None:
        answer = self._socket.ask(command, payload)
        if answer.strip():
            raise RefusedError(answer)


def _split_chunks(lines: Iterable[str]) -> Iterator[str]:
    chunk = ""
    for line in lines:
        if len(chunk) + len(line) > _CHUNK:
            yield chunk
            chunk = ""
        chunk += line
    if chunk:
        yield chunk
