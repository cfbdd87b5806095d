"""A CFEngine work dir of its own, with the programs under test: of a hub or of a client."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache

FOLDERS = ("bin", "inputs", "masterfiles", "ppkeys", "state")


@cache
def programs():
    """The folder of CFEngine's programs: ENTRYKIT_TEST_CFENGINE, or where PATH leads to."""
    named = os.environ.get("ENTRYKIT_TEST_CFENGINE")
    found = shutil.which("cf-serverd", path=named or f"{os.environ['PATH']}:/usr/sbin")
    assert found, "no cf-serverd: install cfengine3, or name its folder in ENTRYKIT_TEST_CFENGINE"
    return os.path.dirname(os.path.abspath(found))


def ask(name, *words, environ, prefix=(), **how):
    """Run one of CFEngine's programs to its end; its streams are one text."""
    return subprocess.run(
        [*prefix, f"{programs()}/{name}", *map(str, words)],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
        **how,
    )


def digest(public):
    """The digest of a public key as clients name it: MD5=…"""
    return ask("cf-key", "-p", public, environ={}).stdout.strip()


class Workdir:
    """A work dir.

    Attributes:
        path: the folder.
        environ: the variables for programs that work in it.
    """

    def __init__(self, path):
        self.path = path
        self.environ = {
            "PATH": f"{programs()}:/usr/sbin:/usr/bin:/sbin:/bin",
            "CFENGINE_TEST_OVERRIDE_WORKDIR": str(path),
        }

    def made(self):
        """Make the folders by hand, as CFEngine wants them, and the key pair."""
        for name in FOLDERS:
            (self.path / name).mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o700)
        self.ppkeys.chmod(0o700)
        for name in ("cf-agent", "cf-promises"):
            (self.path / "bin" / name).symlink_to(f"{programs()}/{name}")
        self.run("cf-key")
        return self

    def run(self, name, *words, **how):
        """Run one of CFEngine's programs to its end in this work dir."""
        return ask(name, *words, environ=self.environ, **how)

    @property
    def ppkeys(self):
        return self.path / "ppkeys"

    @property
    def masterfiles(self):
        return self.path / "masterfiles"

    @property
    def promises(self):
        return self.path / "inputs/promises.cf"

    @property
    def public(self):
        """The file of its own public key."""
        return self.ppkeys / "localhost.pub"

    @property
    def digest(self):
        """The digest of its own public key: MD5=…"""
        return digest(self.public)

    @property
    def known(self):
        """The digests of the keys that it trusts."""
        return {path.stem.removeprefix("root-") for path in self.ppkeys.glob("root-*.pub")}

    def pin(self, other):
        """Trust the key of another work dir, by the name that CFEngine looks for."""
        self.ppkeys.mkdir(mode=0o700, exist_ok=True)
        path = self.ppkeys / f"root-{other.digest}.pub"
        path.write_bytes(other.public.read_bytes())
        path.chmod(0o600)

    def serve(self, files):
        """Write files below `masterfiles`: paths to texts."""
        for name, text in files.items():
            path = self.masterfiles / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
