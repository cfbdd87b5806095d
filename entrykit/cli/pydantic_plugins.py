"""Import pydantic without its search for plugins.

The search imports importlib.metadata, which takes most of the time in which a bare interpreter
starts. pydantic's own setting, PYDANTIC_DISABLE_PLUGINS, comes too late: up to 2.14 at least, the
module is imported first and the setting read afterwards.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from types import ModuleType
from typing import Final

_METADATA: Final = "importlib.metadata"


def import_without_plugins() -> None:
    """Import the module of pydantic that looks for plugins, and let it find none, now or later."""
    if _METADATA in sys.modules:
        return
    # Without that module, which is pydantic's own, a start only takes longer.
    with _empty_metadata(), suppress(ImportError):
        import_module("pydantic.plugin._loader")


@contextmanager
def _empty_metadata() -> Iterator[None]:
    """Put a module in the place of importlib.metadata for which nothing is installed."""
    module = ModuleType(_METADATA)
    # pydantic 2.10 asks for the first, 2.14 for the second.
    vars(module).update(distributions=_find_nothing, entry_points=_find_nothing)
    sys.modules[_METADATA] = module
    try:
        yield
    finally:
        del sys.modules[_METADATA]


def _find_nothing(**_query: object) -> tuple[()]:
    return ()
