"""The real certbot run as the keeper runs it, and what it leaves, judged by other programs."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from certbot.pebble import Pebble
from certbot.plans import plan_for
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509 import load_pem_x509_certificates

from entrykit.log import Log
from entrykit.roles.certbot.lineages.lineages import load_lineages
from entrykit.roles.certbot.lineages.repair import repair_all

DOOMED = Path(__file__).parent / "doomed"
KINDS = ("cert", "privkey", "chain", "fullchain")


class Certbots:
    """A folder of certbot's.

    Args:
        folder: for it, its logs and its ini.
        pebble: the authority.
        path: PATH with certbot.
        address: where challenges are answered: runs at the same time need different ones.
    """

    def __init__(self, folder, pebble: Pebble, path, address="127.0.0.1"):
        self.folder = Path(folder)
        self.config = self.folder / "letsencrypt"
        self.logs = self.folder / "logs"
        self.config.mkdir(parents=True)
        self.said = ""
        self._pebble, self._path = pebble, path
        self._ini = self.folder / "entrykit.ini"
        self._ini.write_text(
            f"config-dir = {self.config}\nwork-dir = {self.folder}/work\nlogs-dir = {self.logs}\n"
            "max-log-backups = 2\nnon-interactive = true\nagree-tos = true\n"
            f"server = {pebble.directory}\nregister-unsafely-without-email = true\n"
            "authenticator = standalone\npreferred-challenges = http\n"
            f"http-01-port = {pebble.http_port}\nhttp-01-address = {address}\n"
            "no-random-sleep-on-renew = true\n"
        )

    def plan(self, *groups, **fields):
        """A plan for this folder."""
        own = {"certbot": self.version, "server": self._pebble.directory}
        return plan_for(self.config, *groups, **own | fields)

    @property
    def version(self):
        return version(self._path)

    # its runs

    def run(self, *words, prefix=(), **environ):
        """Run it to its end: the exit code, and whether it asked for an order."""
        done = subprocess.run(
            [*prefix, *self.argv(*words)],
            env=self.environ(**environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        self.said = done.stdout
        return done.returncode, self.ordered

    def certonly(self, lineage, *names, force=False, **how):
        """Order as the keeper does."""
        domains = [word for name in names for word in ("--domain", name)]
        forced = ["--force-renewal"] if force else []
        return self.run("certonly", "--cert-name", lineage, *forced, *domains, **how)

    def argv(self, command, *words):
        return ["certbot", command, "--config", str(self._ini), *words]

    def environ(self, **more):
        return {"PATH": self._path, "REQUESTS_CA_BUNDLE": str(self._pebble.bundle), **more}

    def doomed(self, lineage, *names, at, by, force=False):
        """Order, and be killed before a step: `7`, or `7e` with its file made but not written.

        Returns:
            The exit code.
        """
        empty = {"DOOMED_EMPTY": "1"} if at.endswith("e") else {}
        environ = {"DOOMED_AT": at.rstrip("e"), "DOOMED_BY": str(int(by))} | empty
        return self.certonly(lineage, *names, force=force, **self._watched(**environ))[0]

    def states(self, lineage, *names, force=False):
        """Order, and return a copy of what a kill before each step would leave, by step."""
        copies = self.folder / "states"
        copies.mkdir()
        environ = self._watched(DOOMED_STATES=str(copies))
        code, ordered = self.certonly(lineage, *names, force=force, **environ)
        assert (code, ordered) == (0, True), self.said
        steps = sorted(copies.iterdir(), key=lambda copy: (int(copy.name.rstrip("e")), copy.name))
        return {copy.name: copy for copy in steps}

    @property
    def steps(self):
        """What was done in the steps of all orders that were watched."""
        return (self.folder / "steps").read_text().splitlines()

    def _watched(self, **environ):
        steps = self.folder / "steps"
        ours = {"DOOMED_BELOW": str(self.config), "DOOMED_STEPS": str(steps)}
        return {"PYTHONPATH": str(DOOMED), **ours, **environ}

    def copied(self, name):
        """Copy what there is."""
        return Path(shutil.copytree(self.config, self.folder / name, symlinks=True))

    def become(self, copy):
        """Put a copy in the place of what there is."""
        shutil.rmtree(self.config)
        shutil.copytree(copy, self.config, symlinks=True)

    @property
    def ordered(self):
        """Whether the last run asked for an order, by its log and Pebble's paths."""
        log = self.logs / "letsencrypt.log"
        asked = re.compile(r"Sending POST request to \S+/order-plz")
        return log.exists() and bool(asked.search(log.read_text(errors="replace")))

    def repair(self, *groups, **fields):
        """Repair, and return what was said."""
        said = io.StringIO()
        assert repair_all(self.plan(*groups, **fields), Log(said)) == frozenset()
        return said.getvalue()

    # what there is

    @property
    def lineages(self):
        return load_lineages(str(self.config))

    @property
    def seen(self):
        """Names of the lineages that certbot sees as whole."""
        code, _ = self.run("certificates")
        assert code == 0, self.said
        assert "invalid" not in self.said, self.said
        return re.findall("Certificate Name: (.*)", self.said)

    def wholes(self, lineage):
        """Serial numbers of the certificates in the archive that nothing is missing of."""
        archive = self.config / "archive" / lineage
        numbers = {re.sub("[^0-9]", "", path.stem) for path in archive.glob("*[0-9].pem")}
        found = (whole({k: archive / f"{k}{number}.pem" for k in KINDS}) for number in numbers)
        return {serial for serial in found if serial}

    def served(self, lineage):
        """The serial number of the certificate that is served, if nothing is missing of it."""
        return whole({kind: self.config / "live" / lineage / f"{kind}.pem" for kind in KINDS})

    def tree(self):
        """All that there is, and when it changed: nothing may, where nothing is to be done."""
        return {
            path: (path.lstat().st_mtime_ns, path.lstat().st_ctime_ns, path.lstat().st_ino)
            for path in [self.config, *self.config.rglob("*")]
        }


@cache
def version(path):
    """The version of the certbot that a PATH leads to."""
    said = subprocess.run(
        ["certbot", "--version"], env={"PATH": path}, capture_output=True, text=True, check=True
    ).stdout
    return tuple(map(int, re.search(r"[0-9.]+", said)[0].split(".")))


def shape(folder):
    """What makes a difference to a repair: what there is, and which files are empty or torn.

    Keys and numbers are others in each run, and so is the name of an account.
    """
    return frozenset(
        (re.sub("[0-9a-f]{32}", "account", str(path.relative_to(folder))), _looks(path))
        for path in folder.rglob("*")
    )


def _looks(path):
    if path.is_symlink():
        return os.readlink(path)
    if path.is_dir():
        return "folder"
    return oct(path.stat().st_mode), path.read_bytes()[-1:]


def whole(paths):
    """The serial number of four files that belong together, as cryptography judges them."""
    try:
        cert, chain, full = (
            load_pem_x509_certificates(paths[kind].read_bytes())
            for kind in ("cert", "chain", "fullchain")
        )
        key = load_pem_private_key(paths["privkey"].read_bytes(), None).public_key()
    except (OSError, ValueError):
        return None
    spki = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    mine = key.public_bytes(*spki) == cert[0].public_key().public_bytes(*spki)
    return cert[0].serial_number if mine and cert + chain == full else None
