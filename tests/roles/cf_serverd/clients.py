"""A client of a hub: cf-net and cf-agent with a work dir and keys of their own."""

from __future__ import annotations

from dataclasses import dataclass

from cf_serverd.workdirs import Workdir


@dataclass(frozen=True)
class Got:
    """What came of asking for a file.

    Attributes:
        text: the file, or None where there is none: cf-net exits with 0 in any case.
        output: the client's words.
    """

    text: str | None
    output: str


class Client(Workdir):
    """A client; it trusts the hubs that it has pinned, and knows no others.

    Attributes:
        prefix: words that have a command run in another network.
    """

    def __init__(self, path, prefix=()):
        super().__init__(path)
        self.prefix = prefix
        self.made()

    def get(self, name, port, address="127.0.0.1"):
        """Fetch a file: `masterfiles/x` by a shortcut, or by its path."""
        out = self.path / "fetched"
        out.unlink(missing_ok=True)
        host = f"{address}:{port}" if "." in address else f"[{address}]:{port}"
        done = self.run("cf-net", "-H", host, "get", name, "-o", out, prefix=self.prefix)
        return Got(out.read_text() if out.exists() else None, done.stdout)

    def bootstrap(self, address, *words):
        """Copy the hub's policy, with no trust but in what is pinned."""
        # With a blank in place of the `=` it would trust.
        return self.run(
            "cf-agent", "--bootstrap", address, "--trust-server=no", *words, prefix=self.prefix
        )
