"""Facts about the host that nginx's files depend on."""

from __future__ import annotations

import os
from binascii import crc32
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self

from entrykit.role import HostFacts
from entrykit.roles.nginx_static import worker_account
from entrykit.roles.nginx_static.nginx_build import Build
from entrykit.roles.nginx_static.worker_account import Account

_HTTP2_DIRECTIVE_SINCE: Final = (1, 25, 1)  # before, only `listen … http2`, which is all or nothing
_OPEN_FILES: Final = 16384


@dataclass(frozen=True, slots=True)
class NginxHostFacts(HostFacts):
    """The host of nginx.

    Attributes:
        observed: whether these are facts of a host; the defaults run anywhere.
        ipv6: whether the kernel has IPv6 at all: without it `listen [::]` is fatal.
        worker: the user of the workers; None for that of the master, or of the build.
        processors: how many may be used; None to let nginx count them.
        open_files: how many files a worker may have open.
        stdout: whether the access log can go there.
        http2: whether this nginx has the directive of that name.
        brotli: the modules to load for it.
    """

    observed: bool = False
    ipv6: bool = True
    worker: Account | None = None
    processors: int | None = None
    open_files: int = _OPEN_FILES
    stdout: bool = True
    http2: bool = False
    brotli: tuple[str, ...] = ()

    @classmethod
    def observe(cls, environ: Mapping[str, str], ipv6: str = "/proc/net/if_inet6") -> Self:
        """Observe this host and its nginx."""
        build = Build.query(environ)
        return cls(
            observed=True,
            ipv6=os.path.exists(ipv6),
            worker=worker_account.find_worker(),
            processors=count_usable(),
            open_files=_read_open_files_limit(),
            stdout=can_log("/dev/stdout"),
            http2=build.version >= _HTTP2_DIRECTIVE_SINCE,
            brotli=build.find_brotli(environ),
        )

    def listen_addresses(self, bind: Iterable[str], port: int) -> list[str]:
        """Return the values of `listen`; every address if BIND is unset."""
        everywhere = ("0.0.0.0", "::") if self.ipv6 else ("0.0.0.0",)  # noqa: S104
        addresses = [
            f"[{address}]" if ":" in address else address for address in bind or everywhere
        ]
        return [f"{address}:{port}" for address in addresses]

    def scratch_prefix(self, config_dir: str, port: int) -> str:
        """Return the prefix of the paths of the pid file and of temporary files.

        CONFIG_DIR is writable if entrykit has just written its files. Files that were rendered
        elsewhere may run in any directory, even a read-only one: a checksum of its path keeps
        them apart from those of other users.
        """
        if self.observed:
            return f"{config_dir}/"
        return f"/tmp/entrykit-{port}-{crc32(config_dir.encode()):08x}-"  # noqa: S108


def can_log(path: str) -> bool:
    """Whether nginx can log there: it opens the path again.

    That fails for a pipe of another user (it belongs to the container's user, but not
    after `su`), and for a socket.
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK))
    except OSError:
        return False
    return True


def count_usable(cgroup: str = "/sys/fs/cgroup") -> int:
    """Count the processors that this process may use, by affinity and quota; at least 1.

    Args:
        cgroup: the mount of the control groups: version 2, or the directory of version 1
            that has `cpu` in it.
    """
    counts = hasattr(os, "sched_getaffinity")  # Linux has it, and macOS has not
    available = len(os.sched_getaffinity(0)) if counts else os.cpu_count() or 1
    share = _read_quota(f"{cgroup}/cpu.max") or _read_quota(
        f"{cgroup}/cpu/cpu.cfs_quota_us", f"{cgroup}/cpu/cpu.cfs_period_us"
    )
    return min(available, share) if share else available


def _read_quota(*paths: str) -> int | None:
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


def _read_open_files_limit() -> int:
    """Return the hard limit of open files, at most `_OPEN_FILES`."""
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
