"""DER: what is read and written is what the cryptography package means by it."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from hypothesis import given
from hypothesis import strategies as st

from entrykit.tls import der

KEY = rsa.generate_private_key(65537, 1024).public_key()
TAGS = st.integers(0, 255).filter(lambda tag: tag & 0x1F != 0x1F)
LENGTHS = [0, 1, 127, 128, 255, 256, 65535, 65536]
RSA = "300d06092a864886f70d0101010500"  # RFC 3279, 2.3.1


def integers(data: bytes) -> list[int]:
    """Read a sequence of integers."""
    values = der.split(der.read_single(data, der.SEQUENCE))
    return [int.from_bytes(der.expect(value, der.INTEGER), "big", signed=True) for value in values]


def encode_integer(number: int) -> bytes:
    return der.encode(der.INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


# against cryptography

NUMBERS = st.integers(1, 2**1200)


@given(NUMBERS, NUMBERS)
def test_reads_what_cryptography_writes(first, second):
    assert integers(encode_dss_signature(first, second)) == [first, second]


@given(NUMBERS, NUMBERS)
def test_cryptography_reads_what_is_written(first, second):
    data = der.encode(der.SEQUENCE, encode_integer(first) + encode_integer(second))

    assert data == encode_dss_signature(first, second)
    assert decode_dss_signature(data) == (first, second)


def test_a_public_key_that_is_written_is_the_same_key():
    numbers = KEY.public_numbers()
    pair = der.encode(der.SEQUENCE, encode_integer(numbers.n) + encode_integer(numbers.e))
    data = der.encode(der.SEQUENCE, bytes.fromhex(RSA) + der.encode(der.BIT_STRING, b"\0" + pair))

    assert pair == KEY.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    assert data == KEY.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert load_der_public_key(data) == KEY
    assert integers(pair) == [numbers.n, numbers.e]


# there and back


@given(st.lists(st.tuples(TAGS, st.binary(max_size=300)), max_size=5))
def test_what_is_written_is_read_again(values):
    assert der.split(b"".join(der.encode(*value) for value in values)) == values


@pytest.mark.parametrize("length", LENGTHS)
def test_every_form_of_a_length(length):
    data = der.encode(der.OCTET_STRING, bytes(length))

    assert der.read_single(data, der.OCTET_STRING) == bytes(length)
    with pytest.raises(ValueError, match="cut off" if length else "without a header"):
        der.split(data[:-1])


@given(st.binary(max_size=40))
def test_what_is_read_has_no_other_form(data):
    """Any bytes are refused, or are what the writer makes of the values in them."""
    try:
        values = der.split(data)
    except ValueError:
        return
    assert b"".join(der.encode(*value) for value in values) == data


# what is refused


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("04", "a value without a header"),
        ("0400 05", "a value without a header"),
        ("1f0100", "a value without a header"),
        ("0402 00", "a value that is cut off"),
        ("0480 0000", "a length that is not DER"),
        ("048101 00", "a length that is not DER"),
        ("0481", "a length that is not DER"),
        ("04820080" + "00" * 128, "a length that is not DER"),
        ("04ff" + "ff" * 127, "a value that is cut off"),
    ],
)
def test_what_is_not_der_is_a_value_error(data, reason):
    with pytest.raises(ValueError, match=reason):
        der.split(bytes.fromhex(data))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "0 values in place of one"),
        ("05000500", "2 values in place of one"),
        ("0500", "no value of type 0x30"),
    ],
)
def test_what_is_not_the_one_value_is_a_value_error(data, reason):
    with pytest.raises(ValueError, match=reason):
        der.read_single(bytes.fromhex(data), der.SEQUENCE)


def test_the_first_value_is_read_whatever_follows():
    assert der.read_first(bytes.fromhex("0201050500"), der.INTEGER) == b"\x05"
    for data in ("", "0500020105"):
        with pytest.raises(ValueError, match="no value of type 0x02"):
            der.read_first(bytes.fromhex(data), der.INTEGER)
