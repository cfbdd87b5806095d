"""The three programs of the demo: started with variables, stopped in good order."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

LOOPBACK = "127.0.0.1"
PATIENCE = 30.0  # seconds for each thing that is waited for

Process = subprocess.Popen[bytes]


def free_ports(firsts: Sequence[int]) -> Iterator[int]:
    """Yield, for each number, the first port from there on that no one listens on."""
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


@contextmanager
def role(name: str, variables: Mapping[str, str], log: Path) -> Iterator[Process]:
    """Run `entrykit ROLE` for a while, all that it says in a file."""
    program = Path(sys.executable).with_name("entrykit")
    environ = {"PATH": f"{os.environ['PATH']}:/usr/sbin", **variables}
    with (
        log.open("wb") as out,
        # A session of its own: Ctrl-C is for us, and we end it in good order.
        subprocess.Popen(
            [program, name],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            stop(process)


def stop(process: Process) -> None:
    """End it as `docker stop` would."""
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()


def wait(process: Process, log: Path, condition: Callable[[], bool]) -> None:
    """Return when a condition holds; end the demo if the program ends before, or takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"{log.stem} does not do what it should:\n{log.read_text(errors='replace')}")
        time.sleep(0.05)


def healthy(port: int) -> bool:
    """Tell whether a health endpoint answers."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://{LOOPBACK}:{port}/healthz", timeout=1):
            return True
    except OSError:
        return False


def trusted(port: int, name: str, root: str) -> bool:
    """Tell whether a certificate for a name is presented that comes from a root, given as PEM."""
    context = ssl.create_default_context(cadata=root)
    try:
        with (
            socket.create_connection((LOOPBACK, port), 1) as plain,
            context.wrap_socket(plain, server_hostname=name),
        ):
            return True
    except OSError:
        return False
