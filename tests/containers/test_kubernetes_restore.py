"""Backup and restore on Kubernetes, by the commands of docs/kubernetes.md.

`podman exec` is in the place of `kubectl exec`, and volumes are as `fsGroup` leaves them: their
own folders are not the user's.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import ssl

import pytest
from certbot.pebble import Pebble
from containers.edges import Edge
from containers.engine import HOME
from containers.pods import Pod, claimed
from containers.trial import FIRST
from engines.manifests import built, resting
from haproxy.ports import free_port

pytestmark = pytest.mark.containers

EDGE, HUB = 99, 1000  # the users
PAGE = (HOME / "docs/kubernetes.md").read_text().replace("\\\n", "")
EXEC = re.compile(r"\$ kubectl --namespace \S+ exec (?:-i )?(\S+) -- ([^<>\n]+)([<>]?)")
# What the page has done in a pod: which one, and where bytes go, to the words.
SHOWN = {(pod, sign): shlex.split(words) for pod, words, sign in EXEC.findall(PAGE)}
BACKUP, EMPTY = (SHOWN["deployment/certbot", sign] for sign in (">", ""))
RESTORE = {"Deployment": SHOWN["deployment/certbot", "<"], "CronJob": SHOWN["job/restore", "<"]}
KINDS = [("base", "Deployment"), ("cronjob", "CronJob")]


class Cluster:
    """The claims of an edge, and its pods, which are started one by one."""

    def __init__(self, folder, evidence):
        self.edge, self._folder, self._evidence = Edge(free_port()), folder, evidence
        self.volumes = {name: claimed(folder / name, EDGE) for name in ("certs", "letsencrypt")}
        self._pods = 0

    def haproxy(self):
        return self._pod(built("base"), "Deployment", "haproxy", self.edge.environ)

    def certbot(self, documents, kind, pebble=None):
        own = {"DOMAINS": self.edge.environ["DOMAINS"], "ACME_STAGING": "off"}
        if pebble:
            own["ACME_SERVER"] = pebble.directory
            own["ACME_CA_BUNDLE"] = "/etc/letsencrypt/authority.pem"
        own["HAPROXY_URL"] = f"http://127.0.0.1:{self.edge.http}"
        return self._pod(documents, kind, "certbot", own)

    def _pod(self, documents, kind, name, environ):
        how = {"folder": self._folder, "folders": self.volumes, "evidence": self._evidence}
        self._pods += 1
        return Pod(documents, kind, name, environ=environ, number=self._pods, **how)


def piped(pod, words, data=b""):
    """Run words of the page in a pod's first container: what they have written."""
    done = pod.pipe(words, data)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


@pytest.mark.parametrize(("folder", "kind"), KINDS)
def test_the_same_certificates_with_no_order(tmp_path, evidence, folder, kind):
    """From volumes that are gone to those of the backup."""
    lost, other = (Cluster(tmp_path / each, evidence) for each in ("lost", "other"))
    with Pebble(tmp_path / "pebble", http_port=lost.edge.http) as pebble:
        shutil.copyfile(pebble.bundle, lost.volumes["letsencrypt"] / "authority.pem")
        trust = ssl.create_default_context(cadata=pebble.root())
        with lost.certbot(built("base"), "Deployment", pebble) as keeper, lost.haproxy() as haproxy:
            _, serial = haproxy.comes(lambda: lost.edge.secured(trust), FIRST)
            archive = piped(keeper, BACKUP)

        with other.certbot(resting(folder), kind, pebble) as sleeper:
            piped(sleeper, RESTORE[kind], archive)
        with other.certbot(built(folder), kind, pebble) as keeper, other.haproxy() as haproxy:
            _, restored = haproxy.comes(lambda: other.edge.secured(trust), FIRST)
            keeper.comes(lambda: has_looked(keeper, kind), FIRST)

        assert restored == serial
        assert pebble.orders() == 1


def has_looked(keeper, kind):
    """Whether certbot is through with what it had to look at, and is content; a Job ends then."""
    if kind == "CronJob":
        state = keeper.inspect("certbot")["State"]
        return (state["Status"], state["ExitCode"]) == ("exited", 0)
    return "the next round" in keeper.log("certbot")


@pytest.mark.parametrize(("folder", "kind"), KINDS)
def test_volumes_that_are_not_empty_are_told_of(tmp_path, evidence, folder, kind):
    """By an error; the page's words empty them, and then there is the backup and nothing else."""
    cluster = Cluster(tmp_path, evidence)
    account, later = (cluster.volumes["letsencrypt"] / name for name in ("account", ".later"))
    account.write_text("old")
    with cluster.certbot(resting(folder), kind) as sleeper:
        archive = piped(sleeper, BACKUP)
        account.write_text("new")
        later.write_text("new")

        refused = sleeper.pipe(RESTORE[kind], archive)
        assert refused.returncode != 0
        assert b"etc/letsencrypt/account: Cannot open: File exists" in refused.stderr
        assert account.read_text() == "new"

        piped(sleeper, EMPTY)
        piped(sleeper, RESTORE[kind], archive)
        assert (account.read_text(), later.exists()) == ("old", False)
        assert (account.stat().st_uid, account.stat().st_gid) == (EDGE, EDGE)


def test_a_hub_is_the_same_for_its_clients(tmp_path, evidence):
    """No key is made before the backup is there, and then none is needed."""
    port = free_port()

    def hub(name, work, documents):
        """A pod in a folder of its own."""
        (tmp_path / name).mkdir()
        return Pod(
            documents,
            "StatefulSet",
            "cf-serverd",
            folder=tmp_path / name,
            folders={"work": work},
            environ={"CF_SERVERD_PORT": str(port), "CF_SERVERD_BINDTOINTERFACE": "127.0.0.1"},
            evidence=evidence,
        )

    def listens():
        return socket.create_connection(("127.0.0.1", port), 5).close() is None

    lost, other = (claimed(tmp_path / name / "work", HUB) for name in ("lost", "other"))
    with hub("first", lost, built("cf-serverd")) as pod:
        pod.comes(listens)
        archive = piped(pod, SHOWN["cf-serverd-0", ">"])
    with hub("asleep", other, resting("cf-serverd")) as pod:
        assert os.listdir(other) == ["masterfiles"]  # where a ConfigMap is mounted
        piped(pod, SHOWN["cf-serverd-0", "<"], archive)
        assert (other / "ppkeys").stat().st_mode & 0o777 == 0o700
    with hub("second", other, built("cf-serverd")) as pod:
        pod.comes(listens)

    for key in ("localhost.pub", "localhost.priv"):
        assert (other / "ppkeys" / key).read_bytes() == (lost / "ppkeys" / key).read_bytes()
