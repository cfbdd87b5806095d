"""Whole numbers in a range: parsed, and as a regular expression for the documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator

from entrykit.display import display
from entrykit.errors import InvalidValue

# int() takes time that grows with the square of the digits.
_is_integer = re.compile(r"0|-?[1-9][0-9]{0,17}").fullmatch


def parse_integer(text: str, least: int, most: int, noun: str = "a whole number") -> int:
    """Parse a whole number: digits alone, without a zero before them."""
    if _is_integer(text) and least <= int(text) <= most:
        return int(text)
    raise InvalidValue([f"{display(text)}: not {noun} (expected {least} to {most})"])


def integer_pattern(least: int, most: int) -> str:
    """Return a regular expression for the decimal numbers of a range that begins at 0 or above."""
    widths: dict[str, list[int]] = {}
    for head, width in _blocks(least, most):
        widths.setdefault(head, []).append(width)
    return "|".join(f"{head}{_digits(found[0], found[-1])}" for head, found in widths.items())


def _blocks(least: int, most: int) -> Iterator[tuple[str, int]]:
    """Cut a range into blocks: how each begins, and how many digits of any value follow."""
    while least <= most:
        width = 0
        while least and not least % 10 ** (width + 1) and least + 10 ** (width + 1) - 1 <= most:
            width += 1
        size, digit = 10**width, least // 10**width % 10
        last = min(9, digit + (most - least + 1) // size - 1) if least else 0
        head = str(least // size)[:-1] + (f"[{digit}-{last}]" if last > digit else str(digit))
        yield head, width
        least += (last - digit + 1) * size


def _digits(fewest: int, most: int) -> str:
    if not most:
        return ""
    if fewest == most:
        return "[0-9]" if most == 1 else f"[0-9]{{{most}}}"
    return f"[0-9]{{{fewest},{most}}}"
