"""The nginx that is installed: its version, and modules that not every one has."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from entrykit.daemon.program import find
from entrykit.errors import HandOverError
from entrykit.quoting.nginx import quote_nginx

# The filter before the one for files, as their package has them.
_BROTLI: Final = ("ngx_http_brotli_filter_module.so", "ngx_http_brotli_static_module.so")


@dataclass(frozen=True, slots=True)
class Build:
    """What `nginx -V` says.

    Attributes:
        program: its path; None where there is none.
        version: its numbers; empty where nothing is known.
        modules: the folder of its dynamic modules, or None.
    """

    program: str | None = None
    version: tuple[int, ...] = ()
    modules: str | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """Ask the nginx that PATH leads to; where there is none, nothing is known."""
        import subprocess

        try:
            program = find("nginx", environ)
        except HandOverError:
            return cls()
        said = subprocess.run([program, "-V"], capture_output=True, env=environ, check=False)
        text = said.stderr.decode(errors="replace")
        version = re.search(r"nginx/([0-9]+(?:\.[0-9]+)*)", text)
        modules = re.search(r"--modules-path=(\S+)", text)
        return cls(
            program,
            tuple(map(int, version[1].split("."))) if version else (),
            modules[1] if modules else None,
        )

    def brotli(self) -> tuple[str, ...]:
        """Return the paths of brotli's two modules; none unless both are there and fit."""
        paths = tuple(os.path.join(self.modules or "", name) for name in _BROTLI)
        # Where there is no memfd_create (macOS), nobody has tried them.
        there = self.modules and hasattr(os, "memfd_create") and all(map(os.path.isfile, paths))
        return paths if there and self._can_load(paths) else ()

    def _can_load(self, paths: tuple[str, ...]) -> bool:
        """Whether this nginx takes the modules: one built for another version is fatal to it."""
        import subprocess

        lines = [
            *(f"load_module {quote_nginx(path)};" for path in paths),
            "pid /dev/null; events {}",
        ]
        descriptor = os.memfd_create("nginx.conf")
        try:
            os.write(descriptor, "\n".join(lines).encode())
            argv = [str(self.program), "-t", "-e", "stderr", "-c", f"/proc/self/fd/{descriptor}"]
            done = subprocess.run(argv, capture_output=True, pass_fds=[descriptor], check=False)
        finally:
            os.close(descriptor)
        return done.returncode == 0
