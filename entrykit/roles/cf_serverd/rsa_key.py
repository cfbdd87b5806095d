"""The modulus of an RSA key in PEM: what both halves of a pair have in common.

A reader of that one number, so that no library has to be loaded at a start (RFC 8017, A.1;
RFC 5208, 5, for a key inside of another structure; X.690, 8.1, for the encoding).
"""

from __future__ import annotations

import re
from typing import Final

from entrykit.variables.secret import Secret

_PEM: Final = re.compile(
    r"^-----BEGIN ([A-Z ]*KEY)-----\s*$\n(.*?)^-----END \1-----", re.MULTILINE | re.DOTALL
)
_CONVERT: Final = (
    "expected -----BEGIN RSA PUBLIC KEY-----: openssl rsa -pubin -in FILE -RSAPublicKey_out"
)
_INTEGER: Final = 0x02
_BITS: Final = 0x03
_OCTETS: Final = 0x04
_SEQUENCE: Final = 0x30
_LONG_FORM: Final = 0x80
_LEAST: Final = 128  # octets: a modulus of 1024 bits


class Encrypted(ValueError):  # noqa: N818 -- an answer of its own
    """The key needs a passphrase."""


def modulus(pem: Secret, *, private: bool) -> bytes:
    """Read the modulus of a key.

    Args:
        pem: the text of its file.
        private: whether it is to be the private half.

    Raises:
        Encrypted: it is encrypted, as older releases of cf-key made them.
        ValueError: it is no RSA key of that half, or one that CFEngine does not read.
    """
    return _largest(der(pem, private=private))


def der(pem: Secret, *, private: bool) -> bytes:
    """Return what a key in PEM holds; with arguments and errors as `modulus`."""
    found = _PEM.search(pem.reveal().replace("\r", ""))
    if not found or ("PRIVATE" in found[1]) != private:
        raise ValueError(f"not a {'private' if private else 'public'} key in PEM")
    if found[1] == "PUBLIC KEY":  # tried with 3.21: "no start line"
        raise ValueError(f"not a public key as CFEngine reads it ({_CONVERT})")
    if "ENCRYPTED" in found[1] or "Proc-Type" in found[2]:
        raise Encrypted("encrypted")
    return _decoded(found[2])


def _decoded(text: str) -> bytes:
    from base64 import b64decode

    return b64decode("".join(text.split()), validate=True)


def _largest(der: bytes) -> bytes:
    """Find the first integer that is long enough, in the structures that keys come in."""
    for tag, octets in _fields(der):
        inner = octets[1:] if tag == _BITS else octets
        if tag == _INTEGER and len(octets) > _LEAST:
            return octets
        if tag in {_SEQUENCE, _BITS, _OCTETS}:
            try:
                return _largest(inner)
            except ValueError:  # an identifier, and not the key
                continue
    raise ValueError("not an RSA key of 1024 bits or more")


def _fields(der: bytes) -> list[tuple[int, bytes]]:
    fields, place = [], 0
    while place < len(der):
        length, start = _length(der, place + 1)
        if start + length > len(der):
            raise ValueError("cut off")
        fields.append((der[place], der[start : start + length]))
        place = start + length
    return fields


def _length(der: bytes, place: int) -> tuple[int, int]:
    """Return how long a field is, and where its content begins."""
    if place >= len(der):
        raise ValueError("cut off")
    first = der[place]
    if first < _LONG_FORM:
        return first, place + 1
    end = place + 1 + first - _LONG_FORM
    return int.from_bytes(der[place + 1 : end], "big"), end
