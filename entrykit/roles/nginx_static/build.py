"""The nginx that is installed: its version, and modules that not every one has."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from entrykit.errors import HandOverError
from entrykit.handover import find

# The filter before the one for files, as their package has them.
_BROTLI: Final = ("ngx_http_brotli_filter_module.so", "ngx_http_brotli_static_module.so")


@dataclass(frozen=True, slots=True)
class Build:
    """What `nginx -V` says.

    Attributes:
        version: its numbers; empty where nothing is known.
        modules: the folder of its dynamic modules, or None.
    """

    version: tuple[int, ...] = ()
    modules: str | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """Ask the nginx that PATH leads to; where there is none, nothing is known."""
        import subprocess

        try:
            argv = [find("nginx", environ), "-V"]
        except HandOverError:
            return cls()
        said = subprocess.run(argv, capture_output=True, env=environ, check=False)
        text = said.stderr.decode(errors="replace")
        version = re.search(r"nginx/([0-9]+(?:\.[0-9]+)*)", text)
        modules = re.search(r"--modules-path=(\S+)", text)
        return cls(
            tuple(map(int, version[1].split("."))) if version else (),
            modules[1] if modules else None,
        )

    def brotli(self) -> tuple[str, ...]:
        """Return the paths of brotli's two modules; none unless both are there."""
        paths = tuple(os.path.join(self.modules or "", name) for name in _BROTLI)
        return paths if self.modules and all(map(os.path.isfile, paths)) else ()
