"""Measures many domains: the role nginx-static against a server block for each: `make bench`.

Hosts differ and are busy with other things, so no figure is a time: both take
turns, and a ratio is that of two medians. CPU is user and system time of `nginx -t`;
memory is the resident set of one worker that has served nothing yet.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import entrykit

PROGRAM = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or sys.exit("no nginx")
PROMISED = {"CPU of `nginx -t`": 0.2, "memory of a worker": 0.1}
PATIENCE = 30  # seconds


def names(number: int) -> list[str]:
    return [f"shop-number-{count}.example.com" for count in range(number)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def with_maps(folder: Path, domains: list[str]) -> Path:
    """Write what entrykit renders from DOMAINS."""
    folder.mkdir()
    ports = {"HTTP_PORT": str(free_port()), "HEALTH_PORT": str(free_port())}
    variables = ports | {"BIND": "127.0.0.1", "DOMAINS": ",".join(domains), "WORKER_PROCESSES": "1"}
    for file in entrykit.render("nginx-static", variables).values():
        # What is rendered offline keeps its pid file in /tmp; we leave nothing there.
        text = re.sub(rf"/tmp/entrykit-{variables['HTTP_PORT']}-\w+-", f"{folder}/", file.text)
        (folder / file.path).write_text(text)
    return folder / "nginx.conf"


def with_blocks(folder: Path, domains: list[str]) -> Path:
    """Write the plainest thing that serves the same files: a server block for each domain."""
    folder.mkdir()
    port = free_port()
    servers = "".join(
        f"server {{ listen 127.0.0.1:{port}; server_name {name}; root /www/{name}; }}\n"
        for name in domains
    )
    (folder / "nginx.conf").write_text(
        f"worker_processes 1; pid {folder}/nginx.pid; error_log stderr;\n"
        "events { worker_connections 4096; }\n"
        f"http {{ access_log off; server_names_hash_bucket_size 512;\n"
        f"server_names_hash_max_size {2 * len(domains)};\n{servers}}}\n"
    )
    return folder / "nginx.conf"


def checking(config: Path) -> float:
    """CPU seconds of the check."""
    argv = [PROGRAM, "-t", "-q", "-e", "stderr", "-c", str(config)]
    process = os.posix_spawn(argv[0], argv, {"PATH": ""}, file_actions=quiet())
    _, status, usage = os.wait4(process, 0)
    if status:
        sys.exit(f"{' '.join(argv)}: status {status}")
    return usage.ru_utime + usage.ru_stime


def quiet() -> list[tuple[int, int, str, int, int]]:
    return [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]


def memory(config: Path) -> float:
    """Kilobytes of a worker."""
    with running(config) as process:
        deadline = time.monotonic() + PATIENCE
        while not (workers := children(process.pid)):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{config}: nginx does not run")
            time.sleep(0.02)
        return settled(workers[0])


def settled(worker: int) -> float:
    """Wait until it has grown up: nothing more for a quarter of a second."""
    sizes: list[float] = []
    while len(sizes) < 5 or sizes[-1] > sizes[-5]:
        time.sleep(0.05)
        status = Path(f"/proc/{worker}/status").read_text()
        sizes.append(float(status.partition("VmRSS:")[2].split()[0]))
    return sizes[-1]


@contextmanager
def running(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    argv = [PROGRAM, "-e", "stderr", "-c", str(config), "-g", "daemon off;"]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def ratio(measure: Callable[[Path], float], maps: Path, blocks: Path, rounds: int) -> float:
    pairs = [(measure(maps), measure(blocks)) for _ in range(rounds)]
    return median(pair[0] for pair in pairs) / median(pair[1] for pair in pairs)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure many domains; print ratios.")
    parser.add_argument("--runs", type=int, default=5, help="rounds of both (5)")
    parser.add_argument("--domains", type=int, default=10_000, help="how many (10000)")
    words = parser.parse_args()
    with TemporaryDirectory(prefix="entrykit-bench-") as folder:
        domains = names(words.domains)
        maps = with_maps(Path(folder, "maps"), domains)
        blocks = with_blocks(Path(folder, "blocks"), domains)
        measures = zip(PROMISED, (checking, memory), strict=True)
        found = {name: ratio(measure, maps, blocks, words.runs) for name, measure in measures}
    print(f"\nRatios of medians of {words.runs} runs in turns; {words.domains:,} domains.\n")
    print("| nginx-static against server blocks | ratio | promised |\n|---|---:|---:|")
    for name, value in found.items():
        print(f"| {name} | {value:.2f} | at most {PROMISED[name]} |")
    return int(any(value > PROMISED[name] for name, value in found.items()))


if __name__ == "__main__":
    sys.exit(main())
