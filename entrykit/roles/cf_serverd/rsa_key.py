"""RSA keys in PEM: the modulus, which both halves of a pair share, and encrypted keys.

Reads that one number itself, so that a start loads no library (RFC 8017, A.1; RFC 5208, 5, for
a key inside another structure).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from entrykit.tls import der
from entrykit.variables.secret import Secret

_PEM: Final = re.compile(
    r"^-----BEGIN ([A-Z ]*KEY)-----\s*$\n(.*?)^-----END \1-----", re.MULTILINE | re.DOTALL
)
_CONVERT: Final = (
    "expected -----BEGIN RSA PUBLIC KEY-----: openssl rsa -pubin -in FILE -RSAPublicKey_out"
)
_MIN_BYTES: Final = 128  # octets: a modulus of 1024 bits
_PASSPHRASE: Final = "Cfengine passphrase"  # noqa: S105 -- CFEngine's libpromises/crypto.c
_WRONGLY_ENCRYPTED: Final = (
    "encrypted, and not with CFEngine's own passphrase: cf-serverd would exit with 0 "
    "(to decrypt it: openssl rsa -traditional -in FILE -out NEW)"
)
_MISMATCH: Final = "not the private half of the public key"
_MISMATCHES: Final = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH")
_RSA: Final = bytes.fromhex("300d06092a864886f70d0101010500")  # RFC 3279, 2.3.1
_SIGNATURE: Final = bytes.fromhex("300d06092a864886f70d01010b0500")  # RFC 4055, 5
_SERIAL: Final = bytes.fromhex("020101")
_EMPTY_NAME: Final = bytes.fromhex("3000")
_ANY_TIME: Final = b"\x30\x1e" + b"\x17\x0d700101000000Z" * 2
_UNSIGNED: Final = bytes.fromhex("030100")


class EncryptedKeyError(ValueError):
    """The key needs a passphrase."""


def read_modulus(pem: Secret, *, private: bool) -> bytes:
    """Read the modulus of a key.

    Args:
        pem: the text of its file.
        private: whether it has to be the private half.

    Raises:
        EncryptedKeyError: it is encrypted, as older releases of cf-key made them.
        ValueError: it is no RSA key of that half, or one that CFEngine does not read.
    """
    return _find_modulus(decode_pem(pem, private=private))


def decode_pem(pem: Secret, *, private: bool) -> bytes:
    """Return the DER in a PEM key; arguments and errors are those of `read_modulus`."""
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


def _find_modulus(data: bytes) -> bytes:
    """Find the first integer that is long enough, in the structures that keys come in."""
    for tag, contents in der.split(data):
        if tag == der.INTEGER and len(contents) > _MIN_BYTES:
            return contents
        if tag in {der.SEQUENCE, der.BIT_STRING, der.OCTET_STRING}:
            try:
                return _find_modulus(contents[1:] if tag == der.BIT_STRING else contents)
            except ValueError:  # an identifier, and not the key
                continue
    raise ValueError("not an RSA key of 1024 bits or more")


def check_encrypted_key(private: Secret, public: bytes) -> str | None:
    """Return why cf-serverd cannot use an encrypted key; None if it can.

    Args:
        private: the text of its file.
        public: the public key as DER (RFC 8017, A.1.1).
    """
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")  # old keys may be short
    key = private.reveal().encode()
    certificate = ssl.DER_cert_to_PEM_cert(_make_certificate(public)).encode()
    with _write_to_memory(key) as key_path, _write_to_memory(certificate) as path:
        try:
            context.load_cert_chain(path, key_path, password=_PASSPHRASE)
        except ssl.SSLError as error:
            return _MISMATCH if error.reason in _MISMATCHES else _WRONGLY_ENCRYPTED
    return None


@contextmanager
def _write_to_memory(data: bytes) -> Iterator[str]:
    """Yield the path of a file in memory: OpenSSL takes paths, and no disk may have the key."""
    with open(os.memfd_create("key"), "wb") as file:
        file.write(data)
        file.flush()
        yield f"/proc/self/fd/{file.fileno()}"


def _make_certificate(public: bytes) -> bytes:
    """Wrap a public key in an unsigned certificate."""
    key = der.encode(der.SEQUENCE, _RSA + der.encode(der.BIT_STRING, b"\0" + public))
    fields = _SERIAL + _SIGNATURE + _EMPTY_NAME + _ANY_TIME + _EMPTY_NAME + key
    to_be_signed = der.encode(der.SEQUENCE, fields)
    return der.encode(der.SEQUENCE, to_be_signed + _SIGNATURE + _UNSIGNED)
