"""What is wrong with one variable: every fault of it, not only the first."""

from __future__ import annotations

from collections.abc import Iterable


class Faults(ValueError):  # noqa: N818 -- it holds several errors
    """The faults of one text.

    Args:
        faults: a message each, in order, without the name of the variable:
            that is known to the caller only.
    """

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))
