"""The nginx that is installed: its version, and modules that not every one has."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from entrykit.daemon.program import query
from entrykit.errors import HandOverError
from entrykit.quoting.nginx import quote_nginx

# The filter before the one for files, as their package has them.
_BROTLI: Final = ("ngx_http_brotli_filter_module.so", "ngx_http_brotli_static_module.so")
_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Build:
    """What `nginx -V` reports.

    Attributes:
        version: its numbers; empty where nothing is known.
        modules: the directory of its dynamic modules, or None.
    """

    version: tuple[int, ...] = ()
    modules: str | None = None

    @classmethod
    def query(cls, environ: Mapping[str, str]) -> Self:
        """Query the nginx in PATH; without one, or without an answer, nothing is known."""
        try:
            output = query(["nginx", "-V"], environ, _SECONDS)
        except HandOverError:
            return cls()
        version = re.search(r"nginx/([0-9]+(?:\.[0-9]+)*)", output)
        modules = re.search(r"--modules-path=(\S+)", output)
        return cls(
            tuple(map(int, version[1].split("."))) if version else (),
            modules[1] if modules else None,
        )

    def find_brotli(self, environ: Mapping[str, str]) -> tuple[str, ...]:
        """Return the paths of brotli's two modules; none unless both exist and can be loaded."""
        paths = tuple(os.path.join(self.modules or "", name) for name in _BROTLI)
        # Without memfd_create (macOS) they cannot be tried.
        exist = self.modules and hasattr(os, "memfd_create") and all(map(os.path.isfile, paths))
        return paths if exist and _can_load(paths, environ) else ()


def _can_load(paths: tuple[str, ...], environ: Mapping[str, str]) -> bool:
    """Whether nginx loads the modules: one built for another version is fatal to it."""
    lines = [*(f"load_module {quote_nginx(path)};" for path in paths), "pid /dev/null; events {}"]
    descriptor = os.memfd_create("nginx.conf")
    try:
        os.write(descriptor, "\n".join(lines).encode())
        argv = ["nginx", "-t", "-e", "stderr", "-c", f"/proc/self/fd/{descriptor}"]
        query(argv, environ, _SECONDS, pass_fds=[descriptor])
    except HandOverError:
        return False
    finally:
        os.close(descriptor)
    return True
