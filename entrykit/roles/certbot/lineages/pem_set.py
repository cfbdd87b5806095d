"""The four PEM files of a certificate, which certbot writes one after the other.

A kill, a full disk or a power cut can leave any of them empty, truncated, or from another
certificate than the rest; certbot does not check that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from entrykit.tls import pem, x509

KINDS: Final = ("cert", "privkey", "chain", "fullchain")

_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_CERTIFICATE: Final = re.compile(_BEGIN + rb"[^-]+-----END CERTIFICATE-----")
_KEY: Final = re.compile(rb"\s*-----BEGIN ([A-Z ]*PRIVATE KEY)-----([^-]+)-----END \1-----\s*")


@dataclass(frozen=True, slots=True)
class PemSet:
    """The contents of the four files; empty for one that does not exist.

    Attributes:
        paths: of the files, by kind.
        data: their contents, by kind.
    """

    paths: Mapping[str, str]
    data: Mapping[str, bytes]

    @property
    def is_consistent(self) -> bool:
        """Whether all four exist and belong together."""
        cert, chain, fullchain = (self.data[kind] for kind in ("cert", "chain", "fullchain"))
        leaf = _split_certificates(cert)
        both = leaf + (_split_certificates(chain) if chain else [])
        return bool(leaf) and both == _split_certificates(fullchain) and self._key_matches()

    @property
    def leaf(self) -> bytes:
        """The certificate that is served, as DER.

        Raises:
            ValueError: there is no certificate.
        """
        return pem.leaf(self.data["cert"])

    def _key_matches(self) -> bool:
        """Whether the key is that of the certificate."""
        key = _KEY.fullmatch(self.data["privkey"])
        try:
            public = x509.public_key(self.leaf)
            # This costs a fiftieth of OpenSSL's check, which is the fallback: a key on an
            # elliptic curve may lack the public one (RFC 5915, 3).
            return key is not None and (public in _decode(key[2]) or self._check_with_openssl())
        except ValueError:
            return False

    def _check_with_openssl(self) -> bool:
        """Ask OpenSSL whether the key is that of the certificate."""
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(
                self.paths["cert"], self.paths["privkey"], password=_refuse_password
            )
        except ssl.SSLError:
            return False
        return True


def read(paths: Mapping[str, str]) -> PemSet:
    """Read the four files.

    Args:
        paths: by kind.

    Raises:
        OSError: one that exists cannot be read.
    """
    return PemSet(paths, {kind: _read_file(path) for kind, path in paths.items()})


def _read_file(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except FileNotFoundError:
        return b""


def _split_certificates(data: bytes) -> list[bytes]:
    """Return the certificates of a PEM file; none at all if one of them is truncated."""
    found = _CERTIFICATE.findall(data)
    return found if len(found) == data.count(_BEGIN) else []


def _decode(body: bytes) -> bytes:
    from binascii import a2b_base64

    return a2b_base64(b"".join(body.split()), strict_mode=True)


def _refuse_password() -> NoReturn:
    """Keep OpenSSL from asking for a password on the terminal."""
    raise ValueError("encrypted")
