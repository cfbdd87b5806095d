"""certbot's folders with lineages in them, as certbot writes them, and how they are harmed."""

from __future__ import annotations

import datetime as dt
import os
from base64 import encodebytes
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

KINDS = ("cert", "privkey", "chain", "fullchain")
_KEY = ec.generate_private_key(ec.SECP256R1())
_ISSUER = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "An issuer of tests")])


class Tree:
    """A folder of certbot's.

    Args:
        folder: where it is.
        days: the lifetime of what is issued.
    """

    def __init__(self, folder, days=90):
        self.folder = Path(folder)
        self.days = days
        self._chain = _certificate(_ISSUER, [], _KEY.public_key(), 3650)
        for part in ("live", "archive", "renewal"):
            (self.folder / part).mkdir(parents=True)

    def live(self, name):
        return self.folder / "live" / name

    def archive(self, name):
        return self.folder / "archive" / name

    def conf(self, name):
        return self.folder / "renewal" / f"{name}.conf"

    def issue(self, name, *hosts, key=None, written=PrivateFormat.PKCS8, link=True):
        """Issue or renew a lineage, and return the serial number."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        cert = _certificate(x509.Name([]), hosts, key.public_key(), self.days)
        parts = {"cert": cert, "privkey": key.private_bytes(Encoding.PEM, written, NoEncryption())}
        parts |= {"chain": self._chain, "fullchain": cert + self._chain}
        self.live(name).mkdir(exist_ok=True)
        self.archive(name).mkdir(exist_ok=True)
        number = 1 + max((int(p.stem[4:]) for p in self.archive(name).glob("cert*")), default=0)
        for kind, data in parts.items():
            self.archived(name, kind, number).write_bytes(data)
            if link:
                self._link(name, kind, number)
        self.archived(name, "privkey", number).chmod(0o600)
        self._configure(name)
        return x509.load_pem_x509_certificate(cert).serial_number

    def archived(self, name, kind, number):
        return self.archive(name) / f"{kind}{number}.pem"

    def _link(self, name, kind, number):
        path = self.live(name) / f"{kind}.pem"
        path.unlink(missing_ok=True)
        path.symlink_to(f"../../archive/{name}/{kind}{number}.pem")

    def _configure(self, name):
        paths = "".join(f"{kind} = {self.live(name)}/{kind}.pem\n" for kind in KINDS)
        self.conf(name).write_text(
            "# renew_before_expiry = 30 days\nversion = 2.1.0\n"
            f"archive_dir = {self.archive(name)}\n{paths}\n"
            "# Options used in the renewal process\n[renewalparams]\n"
            "account = 0123456789abcdef0123456789abcdef\n"
            "pref_challs = http-01,\nserver = https://ca.test/dir\nauthenticator = standalone\n"
        )

    def write(self, name, **parts):
        """Change what is served, and the chain in fullchain with it."""
        for kind, data in parts.items():
            (self.live(name) / f"{kind}.pem").write_bytes(data)
        if "chain" in parts:
            cert = (self.live(name) / "cert.pem").read_bytes()
            (self.live(name) / "fullchain.pem").write_bytes(cert + parts["chain"])

    def harm(self, name, kind, harm):
        """Harm one of the four files as a kill, a full disk or a person does."""
        link = self.live(name) / f"{kind}.pem"
        file = link.resolve()
        if harm == "unlinked":
            link.unlink()
        elif harm == "gone":
            file.unlink()
        elif harm == "empty":
            os.truncate(file, 0)
        elif harm == "cut":
            os.truncate(file, file.stat().st_size - 40)
        else:
            self.issue("stranger", "z.test")
            file.write_bytes((self.live("stranger") / f"{kind}.pem").resolve().read_bytes())
            if kind == "chain":
                file.write_bytes(_certificate(_ISSUER, ["z.test"], _KEY.public_key(), 1))
            for path in (self.conf("stranger"), *self.archive("stranger").iterdir()):
                path.unlink()

    @staticmethod
    def pem(label, der):
        """Write DER as PEM."""
        return (
            f"-----BEGIN {label}-----\n{encodebytes(der).decode()}-----END {label}-----\n".encode()
        )

    def state(self):
        """All that there is, and when it was changed."""
        return {
            path: (path.lstat().st_ctime_ns, path.lstat().st_ino)
            for path in [self.folder, *self.folder.rglob("*")]
        }


def _certificate(name, hosts, key, days):
    start = dt.datetime.now(dt.UTC).replace(microsecond=0)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(_ISSUER)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=days))
    )
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=True)
    return builder.sign(_KEY, hashes.SHA256()).public_bytes(Encoding.PEM)
