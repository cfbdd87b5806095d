"""Read a PEM file: its host names, and whether HAProxy can load it.

HAProxy does not start with a file that it cannot load, so each file is loaded before
with OpenSSL, in the same way as HAProxy does. This is stricter than HAProxy 2.6 about
what follows the first certificate, and agrees with 3.0 and 3.2.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from entrykit.tls import x509

if TYPE_CHECKING:
    import ssl

_MAX_BYTES: Final = 1 << 20  # no chain is that long, and a start should not read a backup
_ENDINGS: Final = (".pem", ".crt", ".cer")
_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_END: Final = b"-----END CERTIFICATE-----"
_KEY: Final = re.compile(rb"^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----", re.MULTILINE)
_BOUNDARY: Final = re.compile(rb"^-----(BEGIN|END) (.*)$", re.MULTILINE)
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"  # some editors write it, and OpenSSL skips it

# A crt-list has no quotes: blanks end a name, and brackets begin options wherever they are.
# At the beginning, # is a comment, and @ a crt-store since 3.0.
_UNLISTABLE: Final = re.compile(r"[\x00-\x20\x7f\[\]]|^[#@]")

_MISMATCHES: Final = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED")


class InvalidPem(Exception):  # noqa: N818 -- a result of a check, and not an error of the caller
    """Why a file cannot be served; the message continues the file's name."""


@dataclass(frozen=True, slots=True)
class Pem:
    """A file with a certificate and its key that HAProxy can serve.

    Attributes:
        name: of the file, without its directory.
        names: its host names in lower case, wildcards as `*.example.com`.
        key: "ecdsa", "rsa" or "other".
    """

    name: str
    names: tuple[str, ...]
    key: str = "ecdsa"


def read(path: str) -> Pem | None:
    """Read and check one file; None if it has nothing to do with certificates.

    Raises:
        InvalidPem: it looks like a certificate and cannot be served.
    """
    name = os.path.basename(path)
    data = _contents(path)
    if data is None:
        return None
    if _BEGIN not in data:
        if name.lower().endswith(_ENDINGS):
            raise InvalidPem("no certificate in PEM format")
        return None
    _refuse_name(name)
    names, key = read_certificate(data)
    _refuse_key(path, inside=_KEY.search(data) is not None)
    if not names:
        raise InvalidPem("no host name (expected a dNSName in its subjectAltName)")
    return Pem(name, names, key)


def _contents(path: str) -> bytes | None:
    """Return the content of a regular file; None for anything else, as a pipe would block."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
        with open(path, "rb") as file:
            return file.read(_MAX_BYTES + 1).removeprefix(_BYTE_ORDER_MARK)
    except OSError as error:
        raise InvalidPem(f"cannot be read ({error.strerror})") from None


def is_listable(path: str) -> bool:
    """Whether a crt-list can contain a path."""
    return _UNLISTABLE.search(path) is None


def _refuse_name(name: str) -> None:
    if not is_listable(name):
        raise InvalidPem(
            "its name cannot be used in a crt-list (expected one without blanks, control "
            "characters, [ and ], that does not begin with # or @)"
        )


def _refuse_truncated(data: bytes) -> None:
    """Refuse a file that is still being written, or was never finished."""
    if len(data) > _MAX_BYTES:
        raise InvalidPem(f"larger than {_MAX_BYTES >> 20} MiB")
    boundaries = [(word, label.rstrip()) for word, label in _BOUNDARY.findall(data)]
    begins, ends = boundaries[::2], boundaries[1::2]
    whole = all(word == b"BEGIN" and label.endswith(b"-----") for word, label in begins)
    if not whole or ends != [(b"END", label) for _, label in begins]:
        raise InvalidPem("incomplete: a part of it begins and does not end")


def leaf(data: bytes) -> bytes:
    """Return the first certificate of a PEM file, which is the one that is served, as DER.

    Raises:
        ValueError: there is none.
    """
    from binascii import a2b_base64

    body = data.partition(_BEGIN)[2].partition(_END)[0]
    return a2b_base64(b"".join(body.split()), strict_mode=True)


def read_certificate(data: bytes) -> tuple[tuple[str, ...], str]:
    """Read the host names and the kind of key from the first certificate of a PEM file.

    Raises:
        InvalidPem: there is none, or the file is incomplete.
    """
    _refuse_truncated(data)
    try:
        der = leaf(data)
        return x509.dns_names(der), x509.key_kind(der)
    except ValueError as error:
        raise InvalidPem(f"not an X.509 certificate ({error})") from None


def _refuse_key(path: str, *, inside: bool) -> None:
    """Refuse a key that is missing or encrypted, or belongs to another certificate.

    HAProxy reads `<file>.key` only if the file itself has no key (ssl-load-extra-files).
    """
    key = path if inside else f"{path}.key"
    if not os.path.isfile(key):
        raise InvalidPem(f"no private key (expected in it, or in {os.path.basename(key)})")
    refuse_pair(path, key)


def refuse_pair(path: str, key: str) -> None:
    """Refuse a certificate and the file of its key if OpenSSL cannot serve them.

    Raises:
        InvalidPem: one cannot be read, the key is encrypted, or they do not belong together.
    """
    import ssl

    # A new context each time: one that already has an RSA pair accepts that key again, with
    # any certificate of another kind.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(path, key, password=_refuse_password)
    except ssl.SSLError as error:
        raise InvalidPem(_reason(error)) from None
    except OSError as error:
        raise InvalidPem(f"its private key cannot be read ({error.strerror})") from None


def _refuse_password() -> NoReturn:
    """Fail where OpenSSL would ask for a passphrase on the terminal."""
    raise InvalidPem("its private key is encrypted (expected one without a passphrase)")


def _reason(error: ssl.SSLError) -> str:
    if error.reason in _MISMATCHES:
        return "its private key is not that of its first certificate"
    if not error.reason:
        return "OpenSSL cannot read it"
    return f"OpenSSL refuses it ({error.reason.replace('_', ' ').lower()})"
