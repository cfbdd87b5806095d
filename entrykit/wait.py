"""Wait until all of several targets are available, for a limited time."""

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
    """Return as soon as all targets are available. They are probed in parallel.

    Each has a thread of its own: getaddrinfo(3) has no time limit, and blocks while a name server
    is silent. This thread only reads their results, so that signals are handled at once.

    Args:
        targets: what to wait for.
        milliseconds: the time limit.
        log: gets the targets, each change of their state, and when one is available.

    Raises:
        WaitError: the time is over, or a target cannot even be probed.
    """
    listed = ", ".join(map(str, targets))
    log.info(f"waiting for {listed}, at most {milliseconds / 1000:g} s")
    start = time.monotonic()
    observations = _start_probes(targets)
    states: dict[Target, str | None] = dict.fromkeys(targets, "no answer yet")
    while any(states.values()):
        left = start + milliseconds / 1000 - time.monotonic()
        try:
            target, state = observations.get(timeout=max(left, 0))
        except Empty:
            raise WaitError(_describe_missing(states, milliseconds)) from None
        if state != states[target]:
            log.info(f"{target}: {state or f'available after {time.monotonic() - start:.1f} s'}")
        states[target] = state


def _start_probes(targets: Sequence[Target]) -> SimpleQueue[_Observation]:
    """Start a thread for each target; return the queue of their results."""
    observations: SimpleQueue[_Observation] = SimpleQueue()
    for target in targets:
        try:
            threading.Thread(target=_watch, args=(target, observations), daemon=True).start()
        except RuntimeError as error:  # a limit on processes or memory
            raise WaitError([f"{target}: cannot be probed: {error}"]) from None
    return observations


def _describe_missing(states: dict[Target, str | None], milliseconds: int) -> list[str]:
    return [
        f"{target}: not available after {milliseconds / 1000:g} s (last: {state})"
        for target, state in states.items()
        if state
    ]


def _watch(target: Target, observations: SimpleQueue[_Observation]) -> None:
    """Probe again and again; the process may end before its threads do."""
    while state := probe(target, _PROBE_TIMEOUT):
        observations.put((target, state))
        time.sleep(_PAUSE)
    observations.put((target, None))


def probe(target: Target, seconds: float) -> str | None:
    """Probe a target once.

    Args:
        target: what to probe.
        seconds: how long to wait for an answer from the network.

    Returns:
        None if it is available; otherwise why not.
    """
    try:
        return _PROBES[target.kind](target, seconds)
    except TimeoutError:
        return "no answer"
    except OSError as error:
        return _describe_error(error)


def _describe_error(error: OSError) -> str:
    """Return a short reason; the text of an SSL error has a position in OpenSSL's source."""
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
    """Send a GET request; a redirect counts as an answer and is not followed."""
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
