"""Read the JSON files of the keeper and of certbot's deploy hook.

By hand, and not by a model: certbot waits for the hook after each order, and the import of
pydantic alone would double the time that the hook takes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


def read_json(path: str, parse: Callable[[Any], T], *, header_lines: int = 0) -> T:
    """Read a file, and convert its JSON to a type.

    Args:
        path: of the file.
        parse: converts the JSON's own types; it may fail in any way that wrong JSON causes.
        header_lines: how many lines come before the JSON.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not JSON, or `parse` cannot convert it.
    """
    import json

    with open(path, encoding="utf-8") as file:
        text = file.read().split("\n", header_lines)[-1]
    try:
        return parse(json.loads(text))
    except (LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"{path}: not of the expected shape: {error!r}") from error
