"""Check config.yml: the registry serves with it for a moment, on loopback.

The registry has no command that checks a file. So it is started with the file, asked for `/v2/`
and stopped. Variables, which the registry applies on top of its file, turn off everything that
must not happen meanwhile: listening on the real port, notifications, mails, pull-through caching
(which would drop expired contents) and the purging of uploads.
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
    """Serve with a file for a moment.

    Args:
        argv: `registry serve DIR/config.yml`; a password file staged beside it is used in place
            of the live one.
        environ: the environment, without variables of the registry.

    Returns:
        0 if the registry answered as expected, otherwise its exit status or 1; and its output.
    """
    program = find(argv[0], environ)
    harmless = {**environ, **_HARMLESS_ENVIRON}
    if passwords := _find_staged_passwords(argv[-1]):
        harmless["REGISTRY_AUTH_HTPASSWD_PATH"] = passwords
    for _ in range(_TRIES):
        status, output = _serve([program, *argv[1:]], harmless)
        if _PORT_TAKEN not in output:  # another process was faster
            break
    return status, _strip_goroutines(output)


def _find_staged_passwords(config: str) -> str | None:
    """Return the password file beside a staged config.yml, if it will replace the one named there.

    The file that config.yml names, in the directory above, may not exist yet, and the registry
    would create it.
    """
    import yaml

    staged = os.path.join(os.path.dirname(config), "htpasswd")
    live = os.path.join(os.path.dirname(os.path.dirname(config)), "htpasswd")
    try:
        with open(config, "rb") as file:
            named = yaml.safe_load(file)["auth"]["htpasswd"]["path"]
    except (OSError, yaml.YAMLError, LookupError, TypeError):
        return None  # the registry itself reports what is wrong
    return staged if named == live and os.path.exists(staged) else None


def _serve(argv: Sequence[str], environ: Mapping[str, str]) -> tuple[int, str]:
    import subprocess

    port = _find_free_port()
    extended = {**environ, "REGISTRY_HTTP_ADDR": f"127.0.0.1:{port}"}
    with open(os.memfd_create("output"), "w+b") as log:  # needs no writable directory
        try:
            process = subprocess.Popen(
                argv, env=extended, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/"
            )
        except OSError as error:
            raise execution_error(argv[0], error) from error
        try:
            problem = _wait_for_answer(process, port)
        finally:
            _terminate(process)
        return _read_outcome(process, problem, log)


def _read_outcome(process: Popen[bytes], problem: str | None, log: IO[bytes]) -> tuple[int, str]:
    log.seek(0)
    output = log.read().decode(errors="replace")
    if problem is None:
        return 0, output
    return max(process.returncode, 1), f"{output}{problem}"


def _find_free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_answer(process: Popen[bytes], port: int) -> str | None:
    """Ask until there is a good answer, and return None; otherwise return what is wrong."""
    until = time.monotonic() + _TIMEOUT
    problem = f"no answer to GET /v2/ in {_TIMEOUT:.0f} seconds"
    while time.monotonic() < until:
        if process.poll() is not None:
            return ""
        status = _ask(port)
        if status in _GOOD_STATUSES:
            return None
        if status:
            problem = f"GET /v2/ was answered with {status} (expected 200 or 401)"
        time.sleep(_PAUSE)
    return problem


def _ask(port: int) -> int | None:
    """Ask once; return the status of the answer, or None without an answer."""
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection("127.0.0.1", port, timeout=_GRACE)
    try:
        status, body = _fetch(connection)
    except (OSError, HTTPException):
        return None
    return _ask_with_tls(port) if _NEEDS_TLS in body else status


def _ask_with_tls(port: int) -> int | None:
    """Ask with TLS, without verifying the certificate: it is not for 127.0.0.1."""
    import ssl
    from http.client import HTTPException, HTTPSConnection

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        return _fetch(HTTPSConnection("127.0.0.1", port, timeout=_GRACE, context=context))[0]
    except ssl.SSLError as error:
        # It requests a client certificate, so it serves clients that have one.
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


def _strip_goroutines(output: str) -> str:
    """Strip the stack traces of a panic: they only help the developers of the registry."""
    return re.sub(r"\n+goroutine \d+ \[.*", "\n", output, flags=re.DOTALL)
