"""A running `entrykit certbot`: the real program, the real certbot, an authority for tests."""

from __future__ import annotations

import json
import re
import signal
import ssl
from pathlib import Path

from programs import DEADLINE, ENTRYKIT, Running, children, status


class Keeping:
    """One container's worth of certbot, with variables of its own.

    Where no HAProxy is in front, HAPROXY_URL leads straight to ACME_PORT, which is where
    the authority connects.

    Args:
        folder: for all of its files; `letsencrypt` and `certs` are in there.
        pebble: the authority.
        path: PATH with certbot.
        environ: variables beside those that it has anyway; None takes one away.
    """

    def __init__(self, folder, pebble, path, **environ):
        self.folder = Path(folder)
        self.config, self.certs = self.folder / "letsencrypt", self.folder / "certs"
        self.log = self.folder / "keeper.log"
        self.pebble = pebble
        self._path = path
        self.environ = {}
        self.set(**self._defaults() | environ)

    def _defaults(self):
        return {
            "PATH": self._path,
            "CONFIG_DIR": self.config,
            "CERTS_DIR": self.certs,
            "ACME_SERVER": self.pebble.directory,
            "ACME_CA_BUNDLE": self.pebble.bundle,
            "ACME_PORT": self.pebble.http_port,
            "HAPROXY_URL": f"http://127.0.0.1:{self.pebble.http_port}",
            "HAPROXY_WAIT": "0",
        }

    def set(self, **environ):
        """Change variables for the next start."""
        merged = self.environ | environ
        self.environ = {name: str(value) for name, value in merged.items() if value is not None}

    # its life

    def start(self, *words):
        """Start it and do not wait: to be used as a context."""
        return Running([ENTRYKIT, "-v", "certbot", *words], self.environ, self.log)

    def once(self, **environ):
        """Make one round and return the exit code."""
        self.set(RENEW_INTERVAL="0", **environ)
        with self.start() as running:
            return running.ended()

    def configure(self):
        """Start it just for its files, and return its plan."""
        with self.start() as running:
            running.comes(lambda: self.keeps(running))
        return self.plan

    def keeps(self, running):
        """Whether it is the keeper by now, and hears signals; SIGCHLD comes last of them."""
        return int(status(running.pid)["SigCgt"], 16) & 1 << signal.SIGCHLD - 1

    def orders(self, running):
        """PIDs of the certbot that it runs, if any."""
        return [pid for pid in children(running.pid) if b"certonly" in _argv(pid)]

    # what it has

    @property
    def said(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    @property
    def plan(self):
        return json.loads((self.config / "keeper.conf").read_text().partition("\n")[2])

    def lineages(self):
        """Names of the lineages that certbot knows."""
        return sorted(path.stem for path in (self.config / "renewal").glob("*.conf"))

    def certificate(self, lineage):
        """The certificate, as Python's ssl reads it."""
        return ssl._ssl._test_decode_cert(str(self.config / "live" / lineage / "cert.pem"))

    def names(self, lineage):
        """The names in the certificate."""
        return sorted(name for _, name in self.certificate(lineage)["subjectAltName"])

    def serial(self, lineage):
        return self.certificate(lineage)["serialNumber"]

    def evidence(self):
        """For the report of a failure: title and text of each thing worth seeing."""
        yield "keeper", self.said
        for path in [self.config / "entrykit.ini", *self.config.glob("renewal/*.conf")]:
            if path.is_file():
                yield str(path.relative_to(self.folder)), _shown(path.read_text())


def _shown(text):
    return re.sub(r"(hmac-key = ).*", r"\1…", text)


def _argv(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


__all__ = ["DEADLINE", "Keeping"]
