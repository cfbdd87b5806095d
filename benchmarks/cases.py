"""Measures golden cases, and prints ratios as a Markdown table: `make bench`.

A thousand cases in one process of pytest, against a process of `entrykit render` for each
case, which compares nothing yet. Hosts differ and are busy with other things, so no figure
is a time: the two take turns, and a ratio is that of two medians.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

PROGRAMS = Path(sysconfig.get_path("scripts"))
CASES = 1_000
ALONE = 20  # of them with a process each, in a round
PYTEST = ("pytest", "-q", "-p", "no:cacheprovider", "-o", "entrykit_role=haproxy")


def run(folder: Path, *words: str) -> None:
    """Run a program of this environment in a directory, or end with its output."""
    argv = [str(PROGRAMS / words[0]), *words[1:]]
    environ = {"PATH": os.environ["PATH"]}
    done = subprocess.run(
        argv, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(words)}: status {done.returncode}\n{done.stdout}{done.stderr}")


def make(folder: Path, number: int) -> None:
    """Make cases, and have pytest write what is expected of them."""
    for case in range(number):
        (folder / f"case{case}").mkdir()
        lines = [
            f"DOMAINS=web:example{case}.com,www.example{case}.com api:9000:api.example{case}.com",
            f"TIMEOUT_SERVER={case % 60 + 1}s",
            f"WWW_REDIRECT={'on' if case % 2 else 'off'}",
        ]
        (folder / f"case{case}" / "env").write_text("\n".join(lines) + "\n")
    run(folder, *PYTEST, "--entrykit-update")


def alone(folder: Path) -> None:
    """Render some of the cases, with a process each."""
    for case in range(0, CASES, CASES // ALONE):
        run(folder / f"case{case}", "entrykit", "render", "haproxy", "--no-env",
            "--env-file", "env")  # fmt: skip


def rate(cases: int, work: Callable[[], None]) -> float:
    """Return how many cases a second that was."""
    began = time.perf_counter()
    work()
    return cases / (time.perf_counter() - began)


def show(together: Sequence[float], each: Sequence[float]) -> None:
    ratio = median(together) / median(each)
    print(f"\nRatios of medians of {len(each)} runs in turns, Python {sys.version.split()[0]}.\n")
    print("| | against | cases a second |\n|---|---|---:|")
    print(f"| {CASES:,} golden cases in one process | a process for each | {ratio:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure golden cases; print a ratio.")
    parser.add_argument("--runs", type=int, default=5, help="rounds of both (5)")
    rounds = parser.parse_args().runs
    together, each = [], []
    with TemporaryDirectory(prefix="entrykit-bench-") as name:
        folder = Path(name)
        make(folder, CASES)
        for _ in range(rounds):
            together.append(rate(CASES, lambda: run(folder, *PYTEST)))
            each.append(rate(ALONE, lambda: alone(folder)))
    show(together, each)


if __name__ == "__main__":
    main()
