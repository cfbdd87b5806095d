"""Read fields of a certificate: its host names, validity, serial number and key.

Only the few fields that are needed, so that no library has to be loaded at a start
(RFC 5280, 4.1). Everything else about a certificate is checked by OpenSSL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from entrykit.tls import der

_VERSION: Final = 0xA0
_EXTENSIONS: Final = 0xA3
_DNS_NAME: Final = 0x82

_COMMON_NAME: Final = bytes.fromhex("550403")  # 2.5.4.3
_SUBJECT_ALT_NAME: Final = bytes.fromhex("551d11")  # 2.5.29.17
_KEYS: Final = {
    bytes.fromhex("2a8648ce3d0201"): "ecdsa",  # 1.2.840.10045.2.1 (RFC 5480, 2.1.1)
    bytes.fromhex("2a864886f70d010101"): "rsa",  # 1.2.840.113549.1.1.1 (RFC 3279, 2.3.1)
}

# Two digits of a year mean 1950 to 2049; both kinds end in Z (RFC 5280, 4.1.2.5).
_TIMES: Final = {der.UTC_TIME: rb"([0-9]{2})", der.GENERALIZED_TIME: rb"([0-9]{4})"}
_CENTURIES: Final = 50

# BMPString and UniversalString; every other kind of text can hold a host name only as ASCII.
_WIDE: Final = {0x1E: "utf-16-be", 0x1C: "utf-32-be"}

# The names go into a map of HAProxy's, where blanks, line ends and # have meanings. Names
# that end in a number are addresses, which no client sends as SNI (RFC 6066, 3).
_LABEL: Final = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_HOST: Final = re.compile(rf"(?=.{{1,253}}\Z)(?:\*\.)?(?:{_LABEL}\.)*(?![0-9]+\Z){_LABEL}")


def dns_names(certificate: bytes) -> tuple[str, ...]:
    """Read the host names of a certificate (RFC 5280, 4.1.2.6 and 4.2.1.6).

    Args:
        certificate: in DER.

    Returns:
        Each dNSName and common name that is a host name, or one below `*.`, in lower
        case, in the order of the certificate. HAProxy serves a certificate by its
        common names too, whether or not it has dNSNames.

    Raises:
        ValueError: this is not a certificate.
    """
    fields = _fields(certificate)
    found = [*_alt_names(fields.extensions), *_common_names(fields.subject)]
    return tuple(dict.fromkeys(name.lower() for name in found if _HOST.fullmatch(name)))


def key_kind(certificate: bytes) -> str:
    """Return the kind of the certificate's key: "ecdsa", "rsa" or "other".

    Raises:
        ValueError: this is not a certificate.
    """
    return _key(certificate)[0]


def public_key(certificate: bytes) -> bytes:
    """Return the part of the public key that is also in the private key, and in no other.

    That is the modulus of an RSA key (RFC 8017, A.1) and the point of one on an elliptic
    curve (RFC 5915, 3). For other kinds it is the whole public key, which the private key
    may lack.

    Raises:
        ValueError: this is not a certificate.
    """
    kind, octets = _key(certificate)
    if kind != "rsa":
        return octets
    return der.read_first(der.read_single(octets, der.SEQUENCE), der.INTEGER)


def serial(certificate: bytes) -> int:
    """Read the serial number, which its CA uses only once (RFC 5280, 4.1.2.2).

    Raises:
        ValueError: this is not a certificate.
    """
    return int.from_bytes(_fields(certificate).serial, "big", signed=True)


def validity(certificate: bytes) -> tuple[float, float]:
    """Read the first and the last moment when it is valid, in Unix seconds.

    Raises:
        ValueError: this is not a certificate, or its times are not those of RFC 5280.
    """
    times = der.split(_fields(certificate).validity)
    if len(times) != len(("notBefore", "notAfter")):
        raise ValueError("its validity is not two times")
    return _timestamp(*times[0]), _timestamp(*times[1])


def _timestamp(tag: int, text: bytes) -> float:
    from datetime import UTC, datetime

    match = re.fullmatch(_TIMES.get(tag, rb"(?!)") + rb"([0-9]{2})" * 5 + b"Z", text)
    if not match:
        raise ValueError("a time that is not one of a certificate")
    year, month, day, hour, minute, second = map(int, match.groups())
    if tag == der.UTC_TIME:
        year += 1900 if year >= _CENTURIES else 2000
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()


def _key(certificate: bytes) -> tuple[str, bytes]:
    """Return the kind of the key, and the public key in the format of that kind."""
    parts = der.split(_fields(certificate).key)
    if [tag for tag, _ in parts] != [der.SEQUENCE, der.BIT_STRING]:
        raise ValueError("its key is not an algorithm and bits")
    algorithm, bits = (contents for _, contents in parts)
    kind = der.read_first(algorithm, der.OID)
    return _KEYS.get(kind, "other"), bits[1:]  # the first octet says how many bits are unused


@dataclass(frozen=True, slots=True)
class _Fields:
    """The contents of the fields that are read (RFC 5280, 4.1)."""

    serial: bytes
    validity: bytes
    subject: bytes
    key: bytes
    extensions: bytes


def _fields(certificate: bytes) -> _Fields:
    to_be_signed = der.read_first(der.read_single(certificate, der.SEQUENCE), der.SEQUENCE)
    fields = der.split(to_be_signed)
    if fields and fields[0][0] == _VERSION:
        del fields[0]
    # serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo
    expected = [der.INTEGER, *[der.SEQUENCE] * 5]
    if [tag for tag, _ in fields[:6]] != expected:
        raise ValueError("its fields are not those of a certificate")
    number, _, _, validity, subject, key = (contents for _, contents in fields[:6])
    extensions = [contents for tag, contents in fields[6:] if tag == _EXTENSIONS]
    return _Fields(
        number,
        validity,
        subject,
        key,
        der.read_single(extensions[0], der.SEQUENCE) if extensions else b"",
    )


def _alt_names(extensions: bytes) -> Iterator[str]:
    for extension in _values_of_type(extensions, der.SEQUENCE):
        parts = der.split(extension)
        if parts and parts[0] == (der.OID, _SUBJECT_ALT_NAME):
            octets = der.expect(parts[-1], der.OCTET_STRING)
            names = der.split(der.read_single(octets, der.SEQUENCE))
            yield from (name.decode("ascii", "replace") for tag, name in names if tag == _DNS_NAME)


def _common_names(subject: bytes) -> Iterator[str]:
    for attributes in _values_of_type(subject, der.SET):
        for attribute in _values_of_type(attributes, der.SEQUENCE):
            parts = der.split(attribute)
            if parts and parts[0] == (der.OID, _COMMON_NAME):
                tag, text = parts[-1]
                yield text.decode(_WIDE.get(tag, "ascii"), "replace")


def _values_of_type(data: bytes, tag: int) -> Iterator[bytes]:
    return (der.expect(value, tag) for value in der.split(data))
