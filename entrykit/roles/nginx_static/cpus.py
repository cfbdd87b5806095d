"""How many processors there are for us: nginx's own `auto` counts all of the machine's."""

from __future__ import annotations

import os
from contextlib import suppress


def usable(cgroup: str = "/sys/fs/cgroup") -> int:
    """Count the processors that this process may run on and has the time of, at least 1.

    Args:
        cgroup: where the control groups are: version 2, or the folder of version 1
            that has `cpu` in it.
    """
    counts = hasattr(os, "sched_getaffinity")  # Linux has it, and macOS has not
    ours = len(os.sched_getaffinity(0)) if counts else os.cpu_count() or 1
    share = _quota(f"{cgroup}/cpu.max") or _quota(
        f"{cgroup}/cpu/cpu.cfs_quota_us", f"{cgroup}/cpu/cpu.cfs_period_us"
    )
    return min(ours, share) if share else ours


def _quota(*paths: str) -> int | None:
    """Read `quota period`, in one file or two; round up to whole processors."""
    words: list[str] = []
    with suppress(OSError):
        for path in paths:
            with open(path, encoding="ascii") as file:
                words += file.read().split()
    if len(words) != 2 or not (words[0].isdigit() and words[1].isdigit()):  # noqa: PLR2004 -- "max", or -1
        return None
    quota, period = map(int, words)
    return max(1, -(-quota // period)) if period else None
