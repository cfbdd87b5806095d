"""Compiled templates, kept beside their sources as Python keeps its .pyc files.

Compiling a template costs more than all other work of a start. The cache lies in the package
and is as trusted as the package; user-supplied templates, wherever they lie, are compiled at
each start.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from types import CodeType
from typing import Final

import jinja2
from jinja2.bccache import Bucket, FileSystemBytecodeCache

from entrykit.files.config_file import PUBLIC
from entrykit.files.fs import make_folder

# What this process has compiled: it may render many times from a directory that it cannot
# write to.
_COMPILED: Final[dict[tuple[str, str], CodeType]] = {}


class TemplateCache(FileSystemBytecodeCache):
    """Jinja2's bytecode cache in `__pycache__` below a directory of templates.

    If that cannot be written, or PYTHONDONTWRITEBYTECODE is set, the next start compiles again.
    """

    def __init__(self, templates: str) -> None:
        tag = f"{sys.implementation.cache_tag}.jinja-{jinja2.__version__}"
        super().__init__(os.path.join(templates, "__pycache__"), f"%s.{tag}")
        self._templates = templates

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """Return the key of a template; none for one that lies elsewhere and is not kept."""
        if os.path.dirname(filename or "") != self._templates:
            return ""
        return super().get_cache_key(name.removeprefix("!"), filename)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket; jinja2 compares the checksum of the source with the stored one."""
        if not bucket.key:
            return
        bucket.code = _COMPILED.get((bucket.key, bucket.checksum))
        if bucket.code is None:
            with suppress(OSError):
                super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write the bucket: whole, or not at all."""
        if not bucket.key:
            return
        if bucket.code is not None:
            _COMPILED[bucket.key, bucket.checksum] = bucket.code
        if sys.dont_write_bytecode:
            return
        with suppress(OSError):
            make_folder(self.directory)
            super().dump_bytecode(bucket)
            # Jinja2 lets no other user read it, and the next start may have another uid.
            os.chmod(os.path.join(self.directory, self.pattern % bucket.key), PUBLIC)
