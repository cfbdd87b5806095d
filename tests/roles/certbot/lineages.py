"""Lineages as certbot leaves them, issued by the tests' own authority, and their delivery."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from certbot.plans import plan_for
from cryptography.x509 import load_pem_x509_certificate
from haproxy.admin import told
from haproxy.polling import eventually
from programs import status

from entrykit.files.config_file import MARK
from entrykit.log import Log
from entrykit.roles.certbot.delivery.delivery import deliver

PYTHON = sys.executable


class Lineages:
    """A folder of certbot's, a CERTS_DIR, and a plan for both.

    Args:
        folder: for certbot's.
        certs: CERTS_DIR.
        authority: who issues, as `haproxy.authority` has it.
        plan: fields of the plan.
    """

    def __init__(self, folder, certs, authority, **plan):
        self.config, self.certs = Path(folder), Path(certs)
        self._authority = authority
        for name in ("live", "archive"):
            (self.config / name).mkdir(parents=True)
        ours = {"certs_dir": str(certs), "certs_group": os.getegid()}
        self.plan = plan_for(self.config, **ours | plan)

    def issue(self, name, *hosts, chain=1, **how):
        """Issue or renew a lineage, and return the serial number.

        Args:
            name: of the lineage.
            hosts: that it is for.
            chain: how often its chain is in it: a way to make it large.
            how: see trustme.
        """
        issued = self._authority.issue(*hosts, **how)
        certificate, *rest = (blob.bytes() for blob in issued.cert_chain_pems)
        rest = [*rest, self._authority.root] * chain
        self.write(name, fullchain=certificate + b"\n".join(rest))
        self.write(name, privkey=issued.private_key_pem.bytes())
        return load_pem_x509_certificate(certificate).serial_number

    def write(self, name, **parts):
        """Put something into the files of a lineage."""
        folder = self.config / "live" / name
        folder.mkdir(exist_ok=True)
        for part, data in parts.items():
            (folder / f"{part}.pem").write_bytes(data)

    def deliver(self, *names, **changes):
        """Deliver with a plan that is changed so, and return the result and what was said."""
        said = io.StringIO()
        return deliver(replace(self.plan, **changes), names, Log(said)), said.getvalue()

    # as processes of their own

    def keeper_conf(self, **changes):
        """Write the plan as a start does, and return its path."""
        path = self.config / "keeper.conf"
        tree = replace(self.plan, **changes).tree()
        path.write_text(f"{MARK} for a test.\n{json.dumps(tree)}\n")
        return path

    def hook(self, name, *, prefix=(), environ=None, **changes):
        """Run the deploy hook as certbot does: the finished process, streams as text."""
        argv = [*prefix, PYTHON, "-m", "entrykit.roles.certbot.deploy", self.keeper_conf(**changes)]
        environ = {"PATH": os.environ["PATH"]} | (environ or {})
        environ = {"RENEWED_LINEAGE": str(self.config / "live" / name)} | environ
        return subprocess.run(
            [*map(str, argv)],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def serial(edge, host):
    """The serial number of the certificate that is presented for a host."""
    with edge.tls(host) as connection:
        return int(connection.getpeercert()["serialNumber"], 16)


def identity(edge):
    """What a reload or a restart would change: the worker, and since when it and its master run."""
    lines = dict(line.partition(": ")[::2] for line in told(edge, "show info").splitlines())
    return [_started(pid) for pid in (edge.pid, int(lines["Pid"]))]


def _started(pid):
    """PID and start time (proc_pid_stat(5), field 22)."""
    return pid, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def worker(edge):
    """The PID of the process that serves."""
    return identity(edge)[1][0]


def pause(edge):
    """Stop the process that serves, and wait until all of its threads have stopped."""
    pid = worker(edge)
    os.kill(pid, signal.SIGSTOP)
    threads = [task.name for task in Path(f"/proc/{pid}/task").iterdir()]
    eventually(lambda: all(status(thread)["State"].startswith("T") for thread in threads))
