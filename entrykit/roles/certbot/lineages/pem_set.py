"""The four files of a certificate, as certbot writes them one after the other.

A kill, a full disk or a power cut can leave any of them empty, cut off, or from another
certificate than the rest; certbot looks at none of that.
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
    """What the four files hold; nothing for one that is not there.

    Attributes:
        paths: of the files, by kind.
        data: what is in them, by kind.
    """

    paths: Mapping[str, str]
    data: Mapping[str, bytes]

    @property
    def whole(self) -> bool:
        """Whether all four are there and belong together."""
        cert, chain, fullchain = (self.data[kind] for kind in ("cert", "chain", "fullchain"))
        both = _certificates(cert) + (_certificates(chain) if chain else [])
        return (
            bool(_certificates(cert)) and both == _certificates(fullchain) and self._has_key("cert")
        )

    @property
    def leaf(self) -> bytes:
        """The certificate that is served, as DER.

        Raises:
            ValueError: there is none.
        """
        return pem.leaf(self.data["cert"])

    def completed(self) -> PemSet | None:
        """Make up what is missing from the rest; None if it cannot be saved."""
        if self.whole:
            return self
        certificates = self._certificates()
        if certificates is None:
            return None
        cert, *chain = (each + b"\n" for each in certificates)
        made = {"cert": cert, "chain": b"".join(chain), "fullchain": cert + b"".join(chain)}
        return PemSet(self.paths, {**self.data, **made})

    def _certificates(self) -> list[bytes] | None:
        """Return the one that belongs to the key, and its chain."""
        cert, chain, fullchain = (
            _certificates(self.data[kind]) for kind in ("cert", "chain", "fullchain")
        )
        if len(cert) == 1 and chain and self._has_key("cert"):
            return cert + chain
        # A single one may be what is left of more, and certbot never writes one.
        return fullchain if len(fullchain) > 1 and self._has_key("fullchain") else None

    def _has_key(self, kind: str) -> bool:
        """Whether the key is that of the first certificate of a file."""
        key = _KEY.fullmatch(self.data["privkey"])
        try:
            public = x509.public_key(pem.leaf(self.data[kind]))
            # It costs a fiftieth of what OpenSSL takes, which is asked where it is not enough:
            # a key on an elliptic curve may lack the public one (RFC 5915, 3).
            return key is not None and (public in _decode(key[2]) or self._check_with_openssl(kind))
        except ValueError:
            return False

    def _check_with_openssl(self, kind: str) -> bool:
        """Ask OpenSSL whether the key is that of the first certificate of a file."""
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(
                self.paths[kind], self.paths["privkey"], password=_refuse_password
            )
        except ssl.SSLError:
            return False
        return True


def read(paths: Mapping[str, str]) -> PemSet:
    """Read the four files.

    Args:
        paths: by kind.

    Raises:
        OSError: one that is there cannot be read.
    """
    return PemSet(paths, {kind: _read_file(path) for kind, path in paths.items()})


def _read_file(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except FileNotFoundError:
        return b""


def _certificates(data: bytes) -> list[bytes]:
    """Return the certificates of a PEM file; none at all if one of them is torn."""
    found = _CERTIFICATE.findall(data)
    return found if len(found) == data.count(_BEGIN) else []


def _decode(body: bytes) -> bytes:
    from binascii import a2b_base64

    return a2b_base64(b"".join(body.split()), strict_mode=True)


def _refuse_password() -> NoReturn:
    """Answer in OpenSSL's place, which would ask on the terminal."""
    raise ValueError("encrypted")
