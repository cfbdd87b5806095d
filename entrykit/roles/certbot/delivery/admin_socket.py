"""A client of HAProxy's admin socket, with its commands for certificates.

The commands are those of "The Runtime API" in HAProxy's management guide; the answers
are those of 2.6, 3.0 and 3.2. HAProxy reports errors as text as well: an answer without
the text of success is a refusal.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import socket

# What haproxy.cfg calls them: `crt-base tls`, and the list in there.
_FOLDER: Final = "tls/"
_CRT_LIST: Final = "tls/crt-list.txt"

_TIMEOUT: Final = 5.0
_FINGERPRINT: Final = re.compile(r"^SHA1 FingerPrint: ([0-9A-F]{40})$", re.MULTILINE)
_SERIAL: Final = re.compile(r"^Serial: ([0-9A-F]+)$", re.MULTILINE)
_OTHER_TRANSACTION: Final = re.compile(
    # 2.6 puts what is set into the transaction of another certificate.
    r"Transaction updated for certificate (?P<updated>\S+)!"
    r"|ongoing transaction is about '(?P<ongoing>[^']+)'"
)


class UnreachableError(Exception):
    """HAProxy does not answer.

    Args:
        reason: why not.
        is_running: whether a process listens, but hangs or denies access.
    """

    def __init__(self, reason: str, *, is_running: bool) -> None:
        self.is_running = is_running
        super().__init__(reason)


class RefusedError(Exception):
    """HAProxy refused a command; the message is its answer."""

    def __init__(self, answer: str) -> None:
        super().__init__(" ".join(answer.split()) or "no answer")


def _receive(connection: socket.socket, deadline: float) -> Iterator[bytes]:
    """Yield an answer until its end or the deadline: what listens may not be HAProxy."""
    while part := connection.recv(65536):
        yield part
        if time.monotonic() > deadline:
            raise TimeoutError("timed out")


class AdminSocket:
    """A client of one Unix socket, HAProxy's own or its master's.

    Args:
        path: of the socket.
        seconds: the time limit for each step of a command, and for the whole answer.
    """

    def __init__(self, path: str, seconds: float = _TIMEOUT) -> None:
        self.path = path
        self._seconds = seconds

    def ask(self, command: str, payload: bytes = b"") -> str:
        """Send one command over a connection of its own, and return the whole answer.

        Args:
            command: one line.
            payload: lines, none of them empty, each with its end.

        Raises:
            UnreachableError: nothing listens, access is denied, or there is no answer.
        """
        import socket

        line = command.encode(errors="surrogateescape")
        lines = line + b" <<\n" + payload if payload else line
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(self._seconds)
                connection.connect(self.path)
                connection.sendall(lines + b"\n")
                answer = b"".join(_receive(connection, time.monotonic() + self._seconds))
        except OSError as error:
            is_running = not isinstance(error, FileNotFoundError | ConnectionRefusedError)
            raise UnreachableError(error.strerror or str(error), is_running=is_running) from None
        return answer.decode(errors="surrogateescape")

    def _expect(self, command: str, success: str, payload: bytes = b"") -> None:
        answer = self.ask(command, payload)
        if success not in answer:
            raise RefusedError(answer)

    # the process

    def version(self) -> tuple[int, int]:
        """Return HAProxy's version as two numbers; (0, 0) if it is unknown."""
        found = re.match(r"(\d+)\.(\d+)", self.ask("show version"))
        return (int(found[1]), int(found[2])) if found else (0, 0)

    def reload(self) -> None:
        """Make the master start a new worker from the files on the disk.

        Since 3.0 the answer comes when the new worker is ready, or has failed; 2.6 closes
        the connection at once, without an answer.

        Raises:
            RefusedError: the new worker does not start; the old one keeps running.
        """
        answer = self.ask("reload")
        if answer.startswith("Success=0"):
            raise RefusedError(answer)

    # certificates

    def certificates(self) -> set[str]:
        """Return the files that HAProxy has in memory, by their names in CERTS_DIR."""
        lines = self.ask("show ssl cert").splitlines()
        return {line.removeprefix(_FOLDER) for line in lines if line.startswith(_FOLDER)}

    def fingerprint(self, name: str) -> str | None:
        """Return the SHA-1 of the certificate that HAProxy has for a file; None if it has none.

        None as well if the names of the certificate exceed 16 KiB: the answer is cut off in
        them (tested with 2.6).
        """
        found = _FINGERPRINT.search(self.ask(f"show ssl cert {_FOLDER}{name}"))
        return found[1] if found else None

    def serial(self, name: str) -> int | None:
        """Return the serial number of the certificate that HAProxy has for a file, if any."""
        found = _SERIAL.search(self.ask(f"show ssl cert {_FOLDER}{name}"))
        return int(found[1], 16) if found else None

    def crt_list_entries(self) -> list[tuple[str, str]]:
        """Return the files that HAProxy may serve, each with its line in the crt-list.

        Raises:
            RefusedError: HAProxy has no such list, so entrykit did not configure it.
        """
        answer = self.ask(f"show ssl crt-list -n {_CRT_LIST}")
        if not answer.startswith("#"):
            raise RefusedError(answer)
        entries = (line.split()[0] for line in answer.splitlines() if line.startswith(_FOLDER))
        places = (entry.removeprefix(_FOLDER).rpartition(":") for entry in entries)
        return [(name, line) for name, _, line in places]

    def put(self, name: str, pem: bytes) -> None:
        """Set the content of a file in HAProxy, new or not; the kind of key may change.

        Args:
            name: of the file in CERTS_DIR.
            pem: chain and key, without empty lines.

        Raises:
            RefusedError: HAProxy refused, and serves what it had before.
        """
        where = f"{_FOLDER}{name}"
        self.ask(f"new ssl cert {where}")  # its answer does not matter: the file may exist already
        answer = self.ask(f"set ssl cert {where}", pem)
        if left := _OTHER_TRANSACTION.search(answer):
            # There is only one transaction, and the client that began this one is gone.
            self.ask(f"abort ssl cert {left['updated'] or left['ongoing']}")
            answer = self.ask(f"set ssl cert {where}", pem)
        if f"Transaction created for certificate {where}!" not in answer:
            raise RefusedError(answer)
        self._commit(where)

    def _commit(self, where: str) -> None:
        try:
            self._expect(f"commit ssl cert {where}", "Success!")
        except RefusedError:
            self.ask(f"abort ssl cert {where}")
            raise

    def add_to_crt_list(self, name: str) -> None:
        """Serve a certificate that is not in the crt-list yet.

        Raises:
            RefusedError: HAProxy refused.
        """
        # The one place where the name is relative to crt-base.
        self._expect(f"add ssl crt-list {_CRT_LIST} {name}", "Success!")

    def drop(self, name: str) -> None:
        """Stop serving a certificate; connections that use it go on.

        Raises:
            RefusedError: HAProxy refused.
        """
        for file, line in reversed(self.crt_list_entries()):
            if file == name:
                entry = f"{_FOLDER}{name}:{line}"
                self._expect(f"del ssl crt-list {_CRT_LIST} {entry}", "deleted")
        if name in self.certificates():
            self._expect(f"del ssl cert {_FOLDER}{name}", "deleted")
