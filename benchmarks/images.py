"""Measures the start of a container, from `podman start` to its first answer: `make bench-images`.

Hosts differ and are busy with other things, so no figure is a time: the image and its base,
with the same files, take turns, and a ratio is that of two medians.
"""

from __future__ import annotations

import argparse
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from containers.engine import podman
from containers.rows import SERVERS, Row, written
from haproxy.ports import free_port

PATIENCE = 60  # seconds
PAUSE = 0.002

Made = tuple[str, int]


def started(container: str, port: int) -> float:
    """Start a container that was made before; returns the seconds until it answers."""
    began = time.perf_counter()
    podman("start", container)
    while time.perf_counter() < began + PATIENCE:
        if answers(port):
            return time.perf_counter() - began
        time.sleep(PAUSE)
    sys.exit(f"no answer: {podman('logs', container, check=False).stderr}")


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.sendall(written("/"))
            return bool(connection.recv(1))
    except OSError:
        return False


@contextmanager
def made(row: Row, image: str, options: list[str], command: list[str]) -> Iterator[Made]:
    """Make a container and its port; both are gone afterwards."""
    port = free_port()
    published = ["--user", "root", "--publish", f"127.0.0.1:{port}:{row.serves.port}"]
    container = podman(
        "create", *row.container.options, *published, *options, image, *command
    ).stdout.strip()
    try:
        yield container, port
    finally:
        podman("rm", "--force", "--time", "0", container)


def once(row: Row, folder: Path) -> tuple[float, float]:
    """Start the image, then its base with the files that the image has made."""
    variables = [f"--env={name}={value}" for name, value in row.serves.environ.items()]
    with made(row, row.image, variables, []) as (container, port):
        image_time = started(container, port)
        podman("cp", f"{container}:{row.container.scratch}", folder)
    command = row.serves.base_command
    with made(row, row.bare, [f"--volume={folder}:{row.container.scratch}"], command) as (
        container,
        port,
    ):
        return image_time, started(container, port)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure starts of containers; print ratios.")
    parser.add_argument("--runs", type=int, default=9, help="rounds of all images (9)")
    rounds = parser.parse_args().runs
    print(f"Ratios of medians of {rounds} runs in turns.\n")
    print("| from `podman start` to the first answer | its base being 1 |\n|---|---:|")
    for row in SERVERS:
        with TemporaryDirectory(prefix="entrykit-bench-") as folder:
            runs = [once(row, Path(folder, str(count))) for count in range(rounds + 1)][1:]
        image_time, bases = (median(times) for times in zip(*runs, strict=True))
        print(f"| `entrykit/{row.name}` | {image_time / bases:.2f} |")


if __name__ == "__main__":
    main()
