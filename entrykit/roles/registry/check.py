"""The verdict on config.yml: the registry serves by it for a moment, on loopback.

It has no command that checks a file. So it is started with the file as it stands, asked for
`/v2/` and ended again. What must not happen meanwhile is taken back by variables, which the
registry lays over its file: no port of its own, no notification, no mail, no cache whose
expired contents are dropped, no upload that is purged.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from entrykit.daemon.program import execution_error, find

if TYPE_CHECKING:
    from http.client import HTTPConnection
    from subprocess import Popen
    from typing import IO

_TIMEOUT: Final = 30.0  # seconds to answer; it takes a tenth of one
_GRACE: Final = 5.0
_PAUSE: Final = 0.01
_TRIES: Final = 3
_PORT_TAKEN: Final = "address already in use"
_NEEDS_TLS: Final = b"Client sent an HTTP request to an HTTPS server"
_GOOD_STATUSES: Final = (200, 401)
_HARMLESS_ENVIRON: Final[Mapping[str, str]] = {
    "REGISTRY_HTTP_NET": "tcp",
    "REGISTRY_HTTP_PREFIX": "",
    "REGISTRY_HTTP_DEBUG_ADDR": "",
    "REGISTRY_HTTP_TLS_LETSENCRYPT_CACHEFILE": "",
    "REGISTRY_LOG_ACCESSLOG_DISABLED": "true",
    "REGISTRY_LOG_FORMATTER": "text",
    "REGISTRY_LOG_HOOKS": "[]",
    "REGISTRY_LOG_LEVEL": "warn",
    "REGISTRY_NOTIFICATIONS_ENDPOINTS": "[]",
    "REGISTRY_PROXY_REMOTEURL": "",
    "REGISTRY_STORAGE_MAINTENANCE": "{uploadpurging: {enabled: false}}",
    "OTEL_TRACES_EXPORTER": "none",
}


def run_check(argv: Sequence[str], environ: Mapping[str, str]) -> tuple[int, str]:
    """Serve by a file for a moment.

    Args:
        argv: `registry serve FOLDER/config.yml`; a password file staged beside it is the one
            that counts.
        environ: without a variable of the registry's.

    Returns:
        0 if it has answered, and what it has said; else its exit status, or 1 where it went on
        without an answer that will do.
    """
    program = find(argv[0], environ)
    calm = {**environ, **_HARMLESS_ENVIRON}
    if passwords := _find_staged_passwords(argv[-1]):
        calm["REGISTRY_AUTH_HTPASSWD_PATH"] = passwords
    for _ in range(_TRIES):
        status, words = _serve([program, *argv[1:]], calm)
        if _PORT_TAKEN not in words:  # somebody else was faster
            break
    return status, _strip_goroutines(words)


def _find_staged_passwords(config: str) -> str | None:
    """Return the password file beside a staged config.yml, where that will be the one it names.

    The one it names is that of the folder above, not there yet: the registry would make it.
    """
    import yaml

    staged = os.path.join(os.path.dirname(config), "htpasswd")
    live = os.path.join(os.path.dirname(os.path.dirname(config)), "htpasswd")
    try:
        with open(config, "rb") as file:
            named = yaml.safe_load(file)["auth"]["htpasswd"]["path"]
    except (OSError, yaml.YAMLError, LookupError, TypeError):
        return None  # the registry itself will say what is wrong
    return staged if named == live and os.path.exists(staged) else None


def _serve(argv: Sequence[str], environ: Mapping[str, str]) -> tuple[int, str]:
    import subprocess

    port = _find_free_port()
    own = {**environ, "REGISTRY_HTTP_ADDR": f"127.0.0.1:{port}"}
    with open(os.memfd_create("said"), "w+b") as said:  # no folder need be writable
        try:
            process = subprocess.Popen(
                argv, env=own, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd="/"
            )
        except OSError as error:
            raise execution_error(argv[0], error) from error
        try:
            fault = _wait_for_answer(process, port)
        finally:
            _terminate(process)
        return _read_outcome(process, fault, said)


def _read_outcome(process: Popen[bytes], fault: str | None, said: IO[bytes]) -> tuple[int, str]:
    said.seek(0)
    words = said.read().decode(errors="replace")
    if fault is None:
        return 0, words
    return max(process.returncode, 1), f"{words}{fault}"


def _find_free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_answer(process: Popen[bytes], port: int) -> str | None:
    """Ask until there is an answer; None if it will do, else what is wrong."""
    until = time.monotonic() + _TIMEOUT
    fault = f"no answer to GET /v2/ in {_TIMEOUT:.0f} seconds"
    while time.monotonic() < until:
        if process.poll() is not None:
            return ""
        status = _ask(port)
        if status in _GOOD_STATUSES:
            return None
        if status:
            fault = f"GET /v2/ was answered with {status} (expected 200 or 401)"
        time.sleep(_PAUSE)
    return fault


def _ask(port: int) -> int | None:
    """Ask once: the status of the answer, None for no answer."""
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection("127.0.0.1", port, timeout=_GRACE)
    try:
        status, body = _fetch(connection)
    except (OSError, HTTPException):
        return None
    return _ask_with_tls(port) if _NEEDS_TLS in body else status


def _ask_with_tls(port: int) -> int | None:
    """Ask with TLS, whoever the certificate is for: that is not for this port to say."""
    import ssl
    from http.client import HTTPException, HTTPSConnection

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        return _fetch(HTTPSConnection("127.0.0.1", port, timeout=_GRACE, context=context))[0]
    except ssl.SSLError as error:
        # It wants a certificate of ours, and so serves those who have one.
        return _GOOD_STATUSES[0] if "ALERT" in str(error.reason) else None
    except (OSError, HTTPException):
        return None


def _fetch(connection: HTTPConnection) -> tuple[int, bytes]:
    try:
        connection.request("GET", "/v2/")
        answer = connection.getresponse()
        return answer.status, answer.read(1000)
    finally:
        connection.close()


def _terminate(process: Popen[bytes]) -> None:
    import subprocess

    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _strip_goroutines(words: str) -> str:
    """Leave out the lines of a panic that are for who has written the registry."""
    return re.sub(r"\n+goroutine \d+ \[.*", "\n", words, flags=re.DOTALL)
