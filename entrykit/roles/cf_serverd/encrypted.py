"""A private key that is encrypted, as old releases made them: whether cf-serverd can use it.

CFEngine tries one passphrase, which everybody knows. OpenSSL is asked whether that is the one,
and whether the key is that of a public key: it compares a key with a certificate's alone, so it
gets a certificate of the public key that nobody has signed (RFC 5280, 4.1; X.690, 8.1).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from entrykit.variables.secret import Secret

_PASSPHRASE: Final = "Cfengine passphrase"  # noqa: S105 -- CFEngine's libpromises/crypto.c
_OTHERS: Final = (
    "encrypted, and not with CFEngine's own passphrase: cf-serverd would end with 0 "
    "(expected a key without: openssl rsa -traditional -in FILE -out NEW)"
)
_MISMATCH: Final = "not the private half of the public key"
_MISMATCHES: Final = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH")

_RSA: Final = bytes.fromhex("300d06092a864886f70d0101010500")  # RFC 3279, 2.3.1
_SIGNATURE: Final = bytes.fromhex("300d06092a864886f70d01010b0500")  # RFC 4055, 5
_SERIAL: Final = bytes.fromhex("020101")
_NOBODY: Final = bytes.fromhex("3000")
_ANY_TIME: Final = b"\x30\x1e" + b"\x17\x0d700101000000Z" * 2
_UNSIGNED: Final = bytes.fromhex("030100")
_SEQUENCE: Final = 0x30
_BITS: Final = 0x03
_LONG_FORM: Final = 0x80


def fault(private: Secret, public: bytes) -> str | None:
    """Say why cf-serverd could not use an encrypted key; None if it can.

    Args:
        private: the text of its file.
        public: the public key as DER (RFC 8017, A.1.1).
    """
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")  # old keys may be short
    key, certificate = private.reveal().encode(), ssl.DER_cert_to_PEM_cert(_certificate(public))
    with _in_memory(key) as own, _in_memory(certificate.encode()) as shell:
        try:
            context.load_cert_chain(shell, own, password=_PASSPHRASE)
        except ssl.SSLError as error:
            return _MISMATCH if error.reason in _MISMATCHES else _OTHERS
    return None


@contextmanager
def _in_memory(data: bytes) -> Iterator[str]:
    """Give a file that no disk ever has; OpenSSL wants names of files."""
    with open(os.memfd_create("key"), "wb") as file:
        file.write(data)
        file.flush()
        yield f"/proc/self/fd/{file.fileno()}"


def _certificate(public: bytes) -> bytes:
    key = _value(_SEQUENCE, _RSA + _value(_BITS, b"\0" + public))
    told = _value(_SEQUENCE, _SERIAL + _SIGNATURE + _NOBODY + _ANY_TIME + _NOBODY + key)
    return _value(_SEQUENCE, told + _SIGNATURE + _UNSIGNED)


def _value(tag: int, contents: bytes) -> bytes:
    size = len(contents)
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    length = octets if size < _LONG_FORM else bytes([_LONG_FORM | len(octets)]) + octets
    return bytes([tag]) + length + contents
