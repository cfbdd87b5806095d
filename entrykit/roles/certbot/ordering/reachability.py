"""Probe whether a challenge for a name would be answered, before the CA tries it.

A token is fetched through HAProxy with the name as Host. Like a challenge of the CA, it
has to reach certbot's port, where `Listener` listens while certbot does not run; in
stateless mode, HAProxy answers by itself with the thumbprint of the account.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from threading import Thread
from typing import Final, NamedTuple

from entrykit.roles.certbot.ordering.listener import CHALLENGE_PATH, Listener

_TIMEOUT: Final = 5.0  # seconds for an answer: HAProxy's 503 takes three, for its retries
_BATCH: Final = 16
_MAX_BYTES: Final = 8192  # of the body of an answer that are read
_HEADERS: Final = {"User-Agent": "entrykit", "Accept": "*/*", "Connection": "close"}


class ProbeResult(NamedTuple):
    """The result of one probe.

    Attributes:
        problem: what is wrong; empty if nothing is.
        is_silent: whether there was no answer: HAProxy, or what is behind it, is not up.
    """

    problem: str
    is_silent: bool


def find_unreachable(
    names: Sequence[str], url: str, listener: Listener | None, thumbprint: str | None
) -> dict[str, ProbeResult]:
    """Fetch a token through HAProxy under each name.

    Args:
        names: host names.
        url: plan.haproxy_url.
        listener: answers the tokens; None if HAProxy does by itself.
        thumbprint: what HAProxy then answers with.

    Returns:
        The names for which this fails, each with the result.
    """
    seen: dict[str, ProbeResult] = {}
    for start in range(0, len(names), _BATCH):
        some = names[start : start + _BATCH]
        found = _probe_in_parallel(lambda name: _probe(url, name, listener, thumbprint), some)
        seen |= {name: found[name] for name in some if found[name].problem}
        if all(each.is_silent for each in found.values()):
            # Nothing is up behind HAProxy, and each further answer would take seconds.
            seen |= dict.fromkeys(names[start:], found[some[-1]])
            break
    if listener:
        listener.forget()
    return seen


def _probe_in_parallel(
    ask: Callable[[str], ProbeResult], names: Sequence[str]
) -> dict[str, ProbeResult]:
    found: dict[str, ProbeResult] = {}

    def probe_one(name: str) -> None:
        found[name] = ask(name)

    # Not concurrent.futures: at the end of the process its threads are waited for.
    threads = [Thread(target=probe_one, args=(name,), daemon=True) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def _probe(url: str, name: str, listener: Listener | None, thumbprint: str | None) -> ProbeResult:
    token = os.urandom(16).hex()
    expected = listener.expect(token) if listener else f"{token}.{thumbprint}"
    try:
        status, body = _fetch(url, name, CHALLENGE_PATH + token)
    except TimeoutError:
        return ProbeResult(f"no answer from {url} within {_TIMEOUT:.0f} s", is_silent=True)
    except OSError as error:
        return ProbeResult(f"no answer from {url} ({error.strerror or error})", is_silent=True)
    if status != 200:  # noqa: PLR2004 -- as HTTP has it
        problem = f"{url} answers {status} instead of the challenge"
        return ProbeResult(problem, is_silent=status >= 500)  # noqa: PLR2004 -- as HTTP has it
    return ProbeResult(_check_body(url, body.strip(), token, expected), is_silent=False)


def _check_body(url: str, body: str, token: str, expected: str) -> str:
    if body == expected:
        return ""
    if not body.startswith(token):
        return f"{url} answers with another page instead of the challenge"
    return f"{url} answers with another token or account: {body[:80]!r}"


def _fetch(url: str, name: str, path: str) -> tuple[int, str]:
    """Ask over HTTP with the name as Host; return the status and the beginning of the body.

    Raises:
        OSError: there is no answer, or none in time (TimeoutError), or it is not HTTP.
    """
    from http.client import HTTPConnection, HTTPException
    from urllib.parse import urlsplit

    from entrykit.roles.certbot.deadline_socket import connect_tcp

    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    connection = HTTPConnection(host, port)
    try:
        connection.sock = connect_tcp(host, port, _TIMEOUT)
        connection.request("GET", path, headers={"Host": name, **_HEADERS})
        answer = connection.getresponse()
        return answer.status, answer.read(_MAX_BYTES).decode("latin-1")
    except HTTPException as error:
        raise OSError(f"not HTTP: {error!r:.80}") from None
    finally:
        connection.close()
