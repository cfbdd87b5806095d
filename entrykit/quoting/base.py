"""One function per target format: from a value to text that means that value and nothing else.

What a format cannot express is refused, never escaped by hope.
"""

from __future__ import annotations

from collections.abc import Callable

from entrykit.display import display
from entrykit.variables.secret import Secret

Quote = Callable[[object], str]


class QuotingError(ValueError):
    """The format cannot express the value."""


class QuotedText(str):
    """Text that is quoted for its format already."""

    __slots__ = ()


def to_text(value: object) -> str:
    """Return the text of a value: a secret is revealed, a whole number written.

    Raises:
        QuotingError: the value is neither a text nor a whole number.
    """
    if isinstance(value, Secret):
        return value.reveal()
    # A bool would read as True or False, which no daemon understands.
    if isinstance(value, str) or type(value) is int:
        return str(value)
    raise QuotingError(f"{type(value).__name__}: not a text or a number")


def describe_value(value: object) -> str:
    """Return the value for an error message, a secret as the words "a secret"."""
    return "a secret" if isinstance(value, Secret) else display(str(value))
