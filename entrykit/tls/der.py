"""A reader and a writer of DER (X.690, 8.1 and 10.1).

It splits data into tags and contents, and leaves their meaning to the caller. Everything
that is not DER is a ValueError: indefinite and padded lengths, tags of more than one
octet, values that are cut off.
"""

from __future__ import annotations

from typing import Final, TypeAlias

INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
OID: Final = 0x06
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31

_LONG_FORM: Final = 0x80  # of a length: the other bits say how many octets follow
_LONG_TAG: Final = 0x1F  # no certificate and no key has a tag of several octets


# Its tag and its contents. Not a class: a start with 10,000 certificates reads a million.
Value: TypeAlias = tuple[int, bytes]


def split(data: bytes) -> list[Value]:
    """Split DER into the values in it, each as its tag and its contents.

    Raises:
        ValueError: it is not DER.
    """
    values: list[Value] = []
    place = 0
    while place < len(data):
        start, end = _find_bounds(data, place)
        values.append((data[place], data[start:end]))
        place = end
    return values


def read_single(data: bytes, tag: int) -> bytes:
    """Return the contents of the one value that `data` is.

    Raises:
        ValueError: it is not DER, not one value, or one of another type.
    """
    values = split(data)
    if len(values) != 1:
        raise ValueError(f"{len(values)} values in place of one")
    return expect(values[0], tag)


def read_first(data: bytes, tag: int) -> bytes:
    """Return the contents of the first value in `data`, whatever follows it.

    Raises:
        ValueError: it is not DER, or its first value is missing or of another type.
    """
    return expect(next(iter(split(data)), None), tag)


def expect(value: Value | None, tag: int) -> bytes:
    """Return the contents of a value.

    Raises:
        ValueError: it is missing or of another type.
    """
    if value is None or value[0] != tag:
        raise ValueError(f"no value of type {tag:#04x} where there has to be one")
    return value[1]


def encode(tag: int, contents: bytes) -> bytes:
    """Encode one value."""
    size = len(contents)
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    length = octets or b"\0"
    if size >= _LONG_FORM:
        length = bytes([_LONG_FORM | len(octets)]) + octets
    return bytes([tag]) + length + contents


def _find_bounds(data: bytes, place: int) -> tuple[int, int]:
    """Return where the contents of the value at `place` start and end."""
    start = place + 2
    if start > len(data) or data[place] & _LONG_TAG == _LONG_TAG:
        raise ValueError("a value without a header that can be read")
    length = data[place + 1]
    if length >= _LONG_FORM:
        octets = data[start : start + length - _LONG_FORM]
        start += len(octets)
        length = _parse_long_length(octets, length - _LONG_FORM)
    if start + length > len(data):
        raise ValueError("a value that is cut off")
    return start, start + length


def _parse_long_length(octets: bytes, number: int) -> int:
    length = int.from_bytes(octets, "big")
    is_shortest = octets[:1] != b"\0" and length >= _LONG_FORM
    if len(octets) != number or not is_shortest:
        raise ValueError("a length that is not DER")
    return length
