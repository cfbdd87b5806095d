"""Numbers in variables: whole numbers in a range, and durations with a unit.

Durations are 500ms, 30s, 5m, 1h, 2d; where a daemon reads such, also 1h30m and 1.5s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from entrykit.display import display
from entrykit.errors import InvalidValue

# int() takes time that grows with the square of the digits.
_is_integer: Final = re.compile(r"0|-?[1-9][0-9]{0,17}").fullmatch

_MILLISECOND: Final = 1_000_000
_NANOSECONDS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": _MILLISECOND,
    "s": 1_000 * _MILLISECOND,
    "m": 60_000 * _MILLISECOND,
    "h": 3_600_000 * _MILLISECOND,
    "d": 86_400_000 * _MILLISECOND,
}
_UNITS: Final = ("ms", "s", "m", "h", "d")
_UNIT: Final = "|".join(_NANOSECONDS)
_PART: Final = re.compile(rf"([0-9]{{1,12}})(?:\.([0-9]{{1,9}}))?({_UNIT})")
_is_simple: Final = re.compile(rf"(?:0|[1-9][0-9]{{0,11}})(?:{_UNIT})").fullmatch
_is_number: Final = re.compile(r"0|[1-9][0-9]{0,11}").fullmatch


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


class DurationForm(NamedTuple):
    """The durations that a daemon reads.

    Attributes:
        most: the longest, in milliseconds; HAProxy's timers have 31 bits (configuration manual,
            2.5 "Time format").
        units: the units.
        bare: the unit of a number without one; empty where that is refused, because daemons
            differ in what they take it for.
        zero: whether it may be 0.
        compound: whether it may have several parts and fractions.
    """

    most: int = 2**31 - 1
    units: tuple[str, ...] = _UNITS
    bare: str = ""
    zero: bool = False
    compound: bool = False


_TIMER: Final = DurationForm()


def parse_duration(text: str, form: DurationForm = _TIMER) -> str:
    """Accept a duration of some form; what is returned is the text."""
    found = _measure(text, form)
    if found is None or not (found or form.zero):
        raise InvalidValue([f"{display(text)}: not a duration ({_describe_units(text, form)})"])
    if found > form.most * _MILLISECOND:
        longest = _round_down(form.most)
        raise InvalidValue([f"{display(text)}: too long (expected at most {longest})"])
    return text


def milliseconds(duration: str, bare: str = "") -> int:
    """Return the length of a duration that `parse_duration` has accepted."""
    found = _measure(duration, DurationForm(units=(*_NANOSECONDS,), bare=bare, compound=True))
    if found is None:
        raise AssertionError("a duration that was not parsed")
    return found // _MILLISECOND


def _measure(text: str, form: DurationForm) -> int | None:
    """Return the nanoseconds of a text; None where it is not of the form."""
    if form.bare and _is_number(text):
        text += form.bare
    if not (form.compound or _is_simple(text)):
        return None
    total = end = 0
    for part in _PART.finditer(text):
        if part.start() != end or part[3] not in form.units:
            return None
        billionths = int(part[1] + (part[2] or "").ljust(9, "0"))
        total += billionths * _NANOSECONDS[part[3]] // 10**9
        end = part.end()
    return total if text and end == len(text) else None


def _describe_units(text: str, form: DurationForm) -> str:
    known = [unit for unit in _UNITS if unit in form.units]
    example = f"{text}s" if _is_number(text) and text != "0" else "30s"
    return f"expected a number and {', '.join(known[:-1])} or {known[-1]}, e.g. {example}"


def _round_down(most: int) -> str:
    """Write a number of milliseconds in the longest unit that it has one of."""
    unit = next(unit for unit in reversed(_UNITS) if most * _MILLISECOND >= _NANOSECONDS[unit])
    return f"{most * _MILLISECOND // _NANOSECONDS[unit]}{unit}"
