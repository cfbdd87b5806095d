"""Serves two small apps through `entrykit haproxy` on loopback, and shows that it does.

With a terminal it stays until Ctrl-C; without one it ends by itself. The exit
code is 1 if any answer is not the right one.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shlex import join
from tempfile import TemporaryDirectory
from threading import Thread

import trustme

LOOPBACK = "127.0.0.1"
PATIENCE = 30.0  # seconds for HAProxy to start, and to stop


@dataclass(frozen=True)
class Request:
    """What an answer shows, how curl asks for it, and the status and the text of the right one."""

    title: str
    words: tuple[str, ...]
    status: str
    text: str


@contextmanager
def app(name: str) -> Iterator[int]:
    """Serve an app that says its name, and yield its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = f"Hello from app {name}, asked for {self.headers['Host']}{self.path}\n".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Stay quiet: HAProxy has a log."""

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


def free_ports(firsts: Sequence[int]) -> Iterator[int]:
    """Yield, for each number, the first port from there on that nobody listens on."""
    taken: set[int] = set()
    for first in firsts:
        port = next(port for port in range(first, 65536) if port not in taken and is_free(port))
        taken.add(port)
        yield port


def is_free(port: int) -> bool:
    """Tell whether we could listen on a port."""
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def write_certificates(folder: Path, names: Sequence[Sequence[str]]) -> Path:
    """Write a PEM file, chain and key, for each group of names.

    Returns:
        The certificate of the authority that issued them, for clients.
    """
    authority = trustme.CA()
    certs = folder / "certs"
    certs.mkdir()
    for group in names:
        pem = authority.issue_cert(*group).private_key_and_cert_chain_pem
        pem.write_to_path(str(certs / f"{group[0]}.pem"))
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    return folder / "ca.pem"


def variables(folder: Path, one: int, two: int) -> dict[str, str]:
    """Return all that `entrykit haproxy` is told."""
    http, https, health = map(str, free_ports((8080, 8443, 8401)))
    return {
        "DOMAINS": f"{LOOPBACK}:{one}:one.localhost,www.one.localhost "
        f"{LOOPBACK}:{two}:two.localhost",
        "BIND": LOOPBACK,
        "HTTP_PORT": http,
        "HTTPS_PORT": https,
        "PUBLIC_HTTPS_PORT": https,
        "HEALTH_PORT": health,
        "CONFIG_DIR": str(folder / "haproxy"),
        "CERTS_DIR": str(folder / "certs"),
    }


@contextmanager
def edge(told: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run `entrykit haproxy` for a while, its messages and its access log in a file."""
    program = Path(sys.executable).with_name("entrykit")
    environ = {"PATH": f"{os.environ['PATH']}:/usr/sbin", **told}
    with (
        log.open("wb") as out,
        # A session of its own: Ctrl-C is for us, and we end it in good order.
        subprocess.Popen(
            [program, "haproxy"],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        ) as process,
    ):
        try:
            wait_for_health(process, int(told["HEALTH_PORT"]), log)
            yield process
        finally:
            stop(process)


def wait_for_health(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return when HAProxy answers; end the demo if it does not."""
    deadline = time.monotonic() + PATIENCE
    while not healthy(port):
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"HAProxy did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.05)


def healthy(port: int) -> bool:
    """Tell whether the health endpoint answers."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://{LOOPBACK}:{port}/healthz", timeout=1):
            return True
    except OSError:
        return False


def stop(process: subprocess.Popen[bytes]) -> None:
    """End it as `docker stop` would."""
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()


def requests(told: Mapping[str, str], authority: Path) -> Iterator[Request]:
    """Yield what is asked: each domain, HTTP, and a host that nobody serves."""
    http, https = told["HTTP_PORT"], told["HTTPS_PORT"]

    def ask(name: str, *words: str) -> tuple[str, ...]:
        # Not every resolver knows that .localhost is loopback.
        resolve = ("--resolve", f"{name}:{https}:{LOOPBACK}", "--cacert", str(authority))
        return ("curl", "-i", *resolve, *words, f"https://{name}:{https}/")

    for name, who in (("one", "one"), ("www.one", "one"), ("two", "two")):
        host = f"{name}.localhost"
        yield Request(f"{host} is app {who}'s", ask(host), "200", f"Hello from app {who}")
    yield Request(
        "HTTP redirects to HTTPS",
        ("curl", "-i", "-H", "Host: one.localhost", f"http://{LOOPBACK}:{http}/page?x=1"),
        "301",
        f"location: https://one.localhost:{https}/page?x=1",
    )
    nobody = ask("one.localhost", "-H", "Host: nobody.localhost")
    yield Request("a host that is not in DOMAINS reaches no app", nobody, "421", "")


def is_right(request: Request) -> bool:
    """Make a request, show it and what matters of its answer, and tell whether it is right."""
    words = [request.words[0], "-sS", "--max-time", "20", *request.words[1:]]
    # Without the environment: a proxy would not find our loopback.
    done = subprocess.run(words, env={"PATH": os.environ["PATH"]}, capture_output=True, check=False)
    lines = (done.stdout + done.stderr).decode(errors="replace").splitlines()
    say(f"\n# {request.title}\n$ {join(request.words)}")
    for line in lines:
        if line.startswith(("HTTP/", "location:", "Hello", "curl:")):
            say(line)
    right = f" {request.status}" in "".join(lines[:1]) and request.text in "\n".join(lines)
    if not right:
        say(f"WRONG: expected {request.status} {request.text}")
    return right


def say(text: str) -> None:
    """Print it now, whoever reads it."""
    print(text, flush=True)


def show(told: Mapping[str, str]) -> None:
    """Print the variables, and what was made of them."""
    folder = Path(told["CONFIG_DIR"])
    say("`entrykit haproxy` was told\n")
    for name, value in told.items():
        say(f"  {name}={value}")
    say(f"\nand made these files in {folder}:\n")
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        say(f"  {path.relative_to(folder)!s:16} {path.stat().st_size:6} bytes")
    say(f"\nof which hosts.map is\n\n{(folder / 'hosts.map').read_text()}")


def demonstrate(folder: Path) -> bool:
    """Run everything; with a terminal, until Ctrl-C.

    Returns:
        Whether every answer was the right one, and HAProxy did not end by itself.
    """
    with app("one") as one, app("two") as two:
        told = variables(folder, one, two)
        names = (("one.localhost", "www.one.localhost"), ("two.localhost",))
        authority = write_certificates(folder, names)
        log = folder / "haproxy.log"
        with edge(told, log) as process:
            show(told)
            say("It became HAProxy, which answers:")
            wrong = [ask for ask in requests(told, authority) if not is_right(ask)]
            say(f"\n{len(wrong)} wrong answers." if wrong else "\nAll answers are right.")
            if wrong or not (sys.stdin.isatty() and sys.stdout.isatty()):
                return not wrong
            say(f"Serving until Ctrl-C; paste any line after a $. The log is {log}")
            process.wait()
            say(log.read_text(errors="replace"))
            return False


def main() -> int:
    """Run the demo and return its exit code."""
    # Whatever ends us, HAProxy and the folder do not stay behind.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        with TemporaryDirectory(prefix="entrykit-demo-") as folder:
            return 0 if demonstrate(Path(folder)) else 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
