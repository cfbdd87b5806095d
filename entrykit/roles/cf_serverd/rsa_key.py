"""The modulus of an RSA key in PEM: what both halves of a pair have in common.

A reader of that one number, so that no library has to be loaded at a start (RFC 8017, A.1;
RFC 5208, 5, for a key inside of another structure; X.690, 8.1, for the encoding).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from entrykit.variables.secret import Secret

_PEM: Final = re.compile(
    r"^-----BEGIN ([A-Z ]*KEY)-----\s*$\n(.*?)^-----END \1-----", re.MULTILINE | re.DOTALL
)
_CONVERT: Final = (
    "expected -----BEGIN RSA PUBLIC KEY-----: openssl rsa -pubin -in FILE -RSAPublicKey_out"
)
_INTEGER: Final = 0x02
_BIT_STRING: Final = 0x03
_OCTET_STRING: Final = 0x04
_SEQUENCE: Final = 0x30
_LONG_FORM: Final = 0x80
_MIN_BYTES: Final = 128  # octets: a modulus of 1024 bits


class EncryptedKeyError(ValueError):
    """The key needs a passphrase."""


def read_modulus(pem: Secret, *, private: bool) -> bytes:
    """Read the modulus of a key.

    Args:
        pem: the text of its file.
        private: whether it is to be the private half.

    Raises:
        Encrypted: it is encrypted, as older releases of cf-key made them.
        ValueError: it is no RSA key of that half, or one that CFEngine does not read.
    """
    return _find_modulus(der(pem, private=private))


def der(pem: Secret, *, private: bool) -> bytes:
    """Return what a key in PEM holds; with arguments and errors as `modulus`."""
    found = _PEM.search(pem.reveal().replace("\r", ""))
    if not found or ("PRIVATE" in found[1]) != private:
        raise ValueError(f"not a {'private' if private else 'public'} key in PEM")
    if found[1] == "PUBLIC KEY":  # tried with 3.21: "no start line"
        raise ValueError(f"not a public key as CFEngine reads it ({_CONVERT})")
    if "ENCRYPTED" in found[1] or "Proc-Type" in found[2]:
        raise EncryptedKeyError("encrypted")
    return _decode_base64(found[2])


def _decode_base64(text: str) -> bytes:
    from base64 import b64decode

    return b64decode("".join(text.split()), validate=True)


def _find_modulus(der: bytes) -> bytes:
    """Find the first integer that is long enough, in the structures that keys come in."""
    for tag, octets in _split_fields(der):
        inner = octets[1:] if tag == _BIT_STRING else octets
        if tag == _INTEGER and len(octets) > _MIN_BYTES:
            return octets
        if tag in {_SEQUENCE, _BIT_STRING, _OCTET_STRING}:
            try:
                return _find_modulus(inner)
            except ValueError:  # an identifier, and not the key
                continue
    raise ValueError("not an RSA key of 1024 bits or more")


def _split_fields(der: bytes) -> list[tuple[int, bytes]]:
    fields, place = [], 0
    while place < len(der):
        length, start = _read_length(der, place + 1)
        if start + length > len(der):
            raise ValueError("cut off")
        fields.append((der[place], der[start : start + length]))
        place = start + length
    return fields


def _read_length(der: bytes, place: int) -> tuple[int, int]:
    """Return how long a field is, and where its content begins."""
    if place >= len(der):
        raise ValueError("cut off")
    first = der[place]
    if first < _LONG_FORM:
        return first, place + 1
    end = place + 1 + first - _LONG_FORM
    return int.from_bytes(der[place + 1 : end], "big"), end


_PASSPHRASE: Final = "Cfengine passphrase"  # noqa: S105 -- CFEngine's libpromises/crypto.c


_WRONGLY_ENCRYPTED: Final = (
    "encrypted, and not with CFEngine's own passphrase: cf-serverd would end with 0 "
    "(expected a key without: openssl rsa -traditional -in FILE -out NEW)"
)


_MISMATCH: Final = "not the private half of the public key"


_MISMATCHES: Final = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH")


_RSA: Final = bytes.fromhex("300d06092a864886f70d0101010500")  # RFC 3279, 2.3.1


_SIGNATURE: Final = bytes.fromhex("300d06092a864886f70d01010b0500")  # RFC 4055, 5


_SERIAL: Final = bytes.fromhex("020101")


_EMPTY_NAME: Final = bytes.fromhex("3000")


_ANY_TIME: Final = b"\x30\x1e" + b"\x17\x0d700101000000Z" * 2


_UNSIGNED: Final = bytes.fromhex("030100")


_DER_SEQUENCE: Final = 0x30


_DER_BIT_STRING: Final = 0x03


_DER_LONG_FORM: Final = 0x80


def check_encrypted_key(private: Secret, public: bytes) -> str | None:
    """Say why cf-serverd could not use an encrypted key; None if it can.

    Args:
        private: the text of its file.
        public: the public key as DER (RFC 8017, A.1.1).
    """
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")  # old keys may be short
    key, certificate = (
        private.reveal().encode(),
        ssl.DER_cert_to_PEM_cert(_make_certificate(public)),
    )
    with _write_to_memory(key) as own, _write_to_memory(certificate.encode()) as shell:
        try:
            context.load_cert_chain(shell, own, password=_PASSPHRASE)
        except ssl.SSLError as error:
            return _MISMATCH if error.reason in _MISMATCHES else _WRONGLY_ENCRYPTED
    return None


@contextmanager
def _write_to_memory(data: bytes) -> Iterator[str]:
    """Give a file that no disk ever has; OpenSSL wants names of files."""
    with open(os.memfd_create("key"), "wb") as file:
        file.write(data)
        file.flush()
        yield f"/proc/self/fd/{file.fileno()}"


def _make_certificate(public: bytes) -> bytes:
    key = _encode_der(_DER_SEQUENCE, _RSA + _encode_der(_DER_BIT_STRING, b"\0" + public))
    told = _encode_der(
        _DER_SEQUENCE, _SERIAL + _SIGNATURE + _EMPTY_NAME + _ANY_TIME + _EMPTY_NAME + key
    )
    return _encode_der(_DER_SEQUENCE, told + _SIGNATURE + _UNSIGNED)


def _encode_der(tag: int, contents: bytes) -> bytes:
    size = len(contents)
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    length = octets if size < _DER_LONG_FORM else bytes([_DER_LONG_FORM | len(octets)]) + octets
    return bytes([tag]) + length + contents
