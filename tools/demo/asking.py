"""What the demo asks, with curl, and what the right answer to it is."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from shlex import join

from daemons import LOOPBACK


@dataclass(frozen=True)
class Request:
    """What an answer shows, how curl asks for it, and the status and the text of the right one."""

    title: str
    words: tuple[str, ...]
    status: str
    text: str


def requests(http: int, https: int, root: str) -> Iterator[Request]:
    """Yield what is asked.

    Args:
        http: HAProxy's port for HTTP.
        https: that for HTTPS.
        root: the file of the authority's root.
    """

    def ask(name: str, path: str = "/", *words: str) -> tuple[str, ...]:
        # Not every resolver knows that .localhost is loopback.
        resolve = ("--resolve", f"{name}:{https}:{LOOPBACK}", "--cacert", root)
        return ("curl", "-i", *resolve, *words, f"https://{name}:{https}{path}")

    for name in ("one", "two"):
        host = f"{name}.localhost"
        yield Request(f"{host}, trusted by the authority's root", ask(host), "200", f"Site {name}")
    yield Request(
        "www goes to its domain in one hop",
        ask("www.one.localhost", "/page?x=1"),
        "301",
        f"location: https://one.localhost:{https}/page?x=1",
    )
    yield Request(
        "HTTP redirects to HTTPS",
        ("curl", "-i", "-H", "Host: one.localhost", f"http://{LOOPBACK}:{http}/page?x=1"),
        "301",
        f"location: https://one.localhost:{https}/page?x=1",
    )
    unknown = ask("one.localhost", "/", "-H", "Host: unknown.localhost")
    yield Request("a host that is not in DOMAINS reaches no site", unknown, "421", "")


def is_right(request: Request) -> bool:
    """Make a request, show it and what matters of its answer, and tell whether it is right."""
    words = [request.words[0], "-sS", "--max-time", "20", *request.words[1:]]
    # Without the environment: a proxy would not find our loopback.
    done = subprocess.run(words, env={"PATH": os.environ["PATH"]}, capture_output=True, check=False)
    lines = (done.stdout + done.stderr).decode(errors="replace").splitlines()
    say(f"\n# {request.title}\n$ {join(request.words)}")
    for line in lines:
        if line.lower().startswith(("http/", "location:", "site", "curl:")):
            say(line)
    right = f" {request.status}" in "".join(lines[:1]) and request.text in "\n".join(lines)
    if not right:
        say(f"WRONG: expected {request.status} {request.text}")
    return right


def say(text: str) -> None:
    """Print it at once."""
    print(text, flush=True)
