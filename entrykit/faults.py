"""What is wrong with one variable: every fault of it, not only the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


class Faults(ValueError):  # noqa: N818 -- it holds several errors
    """The faults of one text.

    Args:
        faults: a message each, in order, without the name of the variable:
            that is known to the caller only.
    """

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


def each(parse: Callable[[str], T], texts: Iterable[str]) -> list[T]:
    """Parse each text.

    Raises:
        Faults: those of all texts, in order, each once.
    """
    good: list[T] = []
    faults: list[str] = []
    for text in texts:
        try:
            good.append(parse(text))
        except Faults as error:
            faults += error.faults
    if faults:
        raise Faults(dict.fromkeys(faults))
    return good
