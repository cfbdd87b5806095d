"""deploy/cf-serverd: a hub with policy from a folder or in the image, and a backup of its keys."""

from __future__ import annotations

import shutil

import pytest
from cf_serverd.clients import Client
from cf_serverd.workdirs import digest
from containers.composing import DEPLOY, Stack
from haproxy.polling import eventually
from haproxy.ports import free_port
from programs import status

pytestmark = pytest.mark.containers

POLICY = 'body common control { bundlesequence => { "main" }; }\nbundle agent main { }\n'
WORKDIR = "/work"
TAR = ("run", "--rm", "-T", "--no-deps", "cf-serverd", "tar", "-C", WORKDIR)


class Hub(Stack):
    """A hub that trusts one client, and has a file `hello` for it."""

    def __init__(self, folder, client, evidence, options=()):
        self.port, self._client = free_port(), client
        shutil.copytree(DEPLOY / "cf-serverd", folder)
        for name in ("masterfiles", "trusted"):
            (folder / name).mkdir()
        (folder / "masterfiles/promises.cf").write_text(POLICY)
        (folder / "masterfiles/hello").write_text("policy")
        shutil.copy(client.public, folder / "trusted/client.pub")
        (folder / "trusted/client.pub").chmod(0o644)
        told = {"CF_SERVERD_ACL": "10.0.0.0/8", "PORT": f"127.0.0.1:{self.port}"}
        super().__init__(folder / "compose.yaml", told, evidence, options)

    def pinned(self):
        """Have the client know this hub; returns the digest of its key."""
        eventually(lambda: "Server is starting" in self.log("cf-serverd"), 60)
        public = self(
            *("exec", "-T", "cf-serverd"), "cat", f"{WORKDIR}/ppkeys/localhost.pub"
        ).stdout
        path = self._client.path / "hub.pub"
        path.write_bytes(public)
        name = digest(path)
        shutil.copy(path, self._client.ppkeys / f"root-{name}.pub")
        return name

    def serves(self):
        return self._client.get("masterfiles/hello", self.port).text == "policy"


@pytest.fixture
def client(tmp_path):
    return Client(tmp_path / "client")


def test_keys_are_restored(tmp_path, client, evidence):
    """Its clients know the restored hub; no capability is left to the first one or to the other."""
    with Hub(tmp_path / "one", client, evidence) as hub:
        hub.up()
        before = hub.pinned()
        assert hub.serves()
        own = status(hub.pid("cf-serverd"))
        assert "0" not in own["Uid"].split()
        assert {own[name] for name in ("CapPrm", "CapEff", "CapBnd")} == {"0" * 16}
        archive = hub(*TAR, "-cf", "-", "ppkeys", "state").stdout

    with Hub(tmp_path / "two", client, evidence) as other:
        other(*TAR, "-xpf", "-", input=archive)
        other.up()
        eventually(other.serves, 60)
        assert other.pinned() == before


def test_policy_that_is_baked_into_an_image(tmp_path, client, evidence):
    """It is served without a folder of the machine's."""
    baked = ("-f", tmp_path / "hub/baked.yaml")
    with Hub(tmp_path / "hub", client, evidence, baked) as hub:
        hub.up("--build")
        shutil.rmtree(tmp_path / "hub/masterfiles")
        hub.pinned()

        assert hub.serves()
