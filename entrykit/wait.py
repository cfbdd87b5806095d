"""Wait until all of several things are there, for a limited time."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from queue import Empty, SimpleQueue
from typing import Final

from entrykit.errors import WaitError
from entrykit.log import Log
from entrykit.variables.targets import Target

_PAUSE: Final = 0.2
_PROBE_TIMEOUT: Final = 5.0

_Observation = tuple[Target, str | None]


def wait(targets: Sequence[Target], milliseconds: int, log: Log) -> None:
    """Return as soon as all are there. They are looked at side by side.

    A thread each: a name server that is silent holds up getaddrinfo(3), which knows no limit.
    This thread only listens to them, so that signals are heard at once.

    Args:
        targets: what is waited for.
        milliseconds: the most that it may take.
        log: told what is waited for, what is seen, and what is there.

    Raises:
        WaitError: the time is over, or one cannot even be looked at.
    """
    listed = ", ".join(map(str, targets))
    log.info(f"waiting for {listed}, at most {milliseconds / 1000:g} s")
    start = time.monotonic()
    sights = _start_probes(targets)
    seen: dict[Target, str | None] = dict.fromkeys(targets, "nothing yet")
    while any(seen.values()):
        left = start + milliseconds / 1000 - time.monotonic()
        try:
            target, sight = sights.get(timeout=max(left, 0))
        except Empty:
            raise WaitError(_describe_missing(seen, milliseconds)) from None
        if sight != seen[target]:
            log.info(f"{target}: {sight or f'there, after {time.monotonic() - start:.1f} s'}")
        seen[target] = sight


def _start_probes(targets: Sequence[Target]) -> SimpleQueue[_Observation]:
    """Start to look at all; what is seen goes into the queue."""
    sights: SimpleQueue[_Observation] = SimpleQueue()
    for target in targets:
        try:
            threading.Thread(target=_watch, args=(target, sights), daemon=True).start()
        except RuntimeError as error:  # a limit on processes or memory
            raise WaitError([f"{target}: cannot be looked at: {error}"]) from None
    return sights


def _describe_missing(seen: dict[Target, str | None], milliseconds: int) -> list[str]:
    return [
        f"{target}: not there after {milliseconds / 1000:g} s (seen last: {sight})"
        for target, sight in seen.items()
        if sight
    ]


def _watch(target: Target, sights: SimpleQueue[_Observation]) -> None:
    """Look again and again; the process ends before its threads do."""
    while sight := missing(target, _PROBE_TIMEOUT):
        sights.put((target, sight))
        time.sleep(_PAUSE)
    sights.put((target, None))


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
        return _describe_error(error)


def _describe_error(error: OSError) -> str:
    """Shorten what the system says; ssl's words come with the place in its source."""
    reason = getattr(error, "verify_message", None)
    if reason:
        return f"certificate verify failed: {reason}"
    return str(error.strerror or error)


def _probe_tcp(target: Target, seconds: float) -> str | None:
    import socket

    socket.create_connection((target.host, target.port), seconds).close()
    return None


def _probe_unix(target: Target, seconds: float) -> str | None:
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(seconds)
        connection.connect(target.path)
    return None


def _probe_file(target: Target, _seconds: float) -> str | None:
    os.stat(target.path)
    return None


def _probe_http(target: Target, seconds: float) -> str | None:
    """Ask with GET; a redirect is an answer too, and is not followed."""
    from http.client import HTTPException

    connection = _make_connection(target, seconds)
    try:
        connection.request("GET", target.path, headers={"User-Agent": "entrykit"})
        answer = connection.getresponse()
    except HTTPException as error:
        return f"no HTTP: {type(error).__name__}"
    finally:
        connection.close()
    return None if 200 <= answer.status < 400 else f"status {answer.status}"  # noqa: PLR2004 -- RFC 9110, 15


def _make_connection(target: Target, seconds: float) -> HTTPConnection:
    from http.client import HTTPConnection, HTTPSConnection

    if target.kind == "http":
        return HTTPConnection(target.host, target.port, timeout=seconds)
    from ssl import create_default_context

    context = create_default_context()
    return HTTPSConnection(target.host, target.port, timeout=seconds, context=context)


_PROBES = {
    "tcp": _probe_tcp,
    "unix": _probe_unix,
    "file": _probe_file,
    "http": _probe_http,
    "https": _probe_http,
}
