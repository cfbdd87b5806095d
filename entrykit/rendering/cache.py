"""Compiled templates, kept beside their sources as Python keeps its .pyc files.

Compiling a template costs more than everything else that entrykit does itself
in a start. The cache lies in the package, so it is as trusted as the package: a
person's own templates, wherever they lie, are compiled anew at each start.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from types import CodeType
from typing import Final

import jinja2
from jinja2.bccache import Bucket, BytecodeCache

from entrykit.files.fs import make_folder

# What this process has compiled itself: it may render many times, from a folder that it
# cannot write to.
_COMPILED: Final[dict[tuple[str, str], CodeType]] = {}


class TemplateCache(BytecodeCache):
    """Jinja2's bytecode cache in `__pycache__` below a folder of templates.

    A folder that cannot be written, or PYTHONDONTWRITEBYTECODE, only means that
    the next start compiles again.
    """

    def __init__(self, templates: str) -> None:
        self._templates = templates
        self._folder = os.path.join(templates, "__pycache__")

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """Name what is kept; what lies elsewhere is not, and has no name here."""
        if os.path.dirname(filename or "") != self._templates:
            return ""
        return super().get_cache_key(name.removeprefix("!"), filename)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket; jinja2 itself compares the checksum of a source with that of a file."""
        if not bucket.key:
            return
        known = _COMPILED.get((bucket.key, bucket.checksum))
        if known is not None:
            bucket.code = known
            return
        with suppress(OSError), open(self._path(bucket), "rb") as file:
            bucket.load_bytecode(file)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write the bucket: whole, or not at all."""
        if not bucket.key:
            return
        if bucket.code is not None:
            _COMPILED[bucket.key, bucket.checksum] = bucket.code
        if sys.dont_write_bytecode:
            return
        new = f"{self._path(bucket)}.{os.getpid()}"
        with suppress(OSError):
            make_folder(self._folder)
            with open(new, "wb") as file:
                bucket.write_bytecode(file)
            os.replace(new, self._path(bucket))

    def _path(self, bucket: Bucket) -> str:
        tag = f"{sys.implementation.cache_tag}.jinja-{jinja2.__version__}"
        return os.path.join(self._folder, f"{bucket.key}.{tag}")
