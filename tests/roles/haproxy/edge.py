"""A running `entrykit haproxy`: the real program, the real daemon, ports of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from haproxy.client import TIMEOUT, ask, connect, written
from haproxy.polling import eventually
from haproxy.ports import free_port

PROGRAM = Path(sys.executable).with_name("entrykit")
SHOWN = 200  # lines of a file in a failure's report


class Edge:
    """One `entrykit haproxy` with variables of its own.

    Attributes:
        folder: with `config`, `certs` and the log.
        environ: what the program is given, ports included.
    """

    def __init__(self, folder, authority, environ):
        self.folder = Path(folder)
        self.config, self.certs = self.folder / "config", self.folder / "certs"
        self.authority = authority
        self.environ = self._defaults() | environ
        self.environ = {name: value for name, value in self.environ.items() if value is not None}
        self._argv = [str(PROGRAM), "haproxy"]
        self._process = None

    def _defaults(self):
        ports = {name: str(free_port()) for name in ("HTTP_PORT", "HTTPS_PORT", "HEALTH_PORT")}
        folders = {"CONFIG_DIR": str(self.config), "CERTS_DIR": str(self.certs)}
        return {"BIND": "127.0.0.1"} | ports | folders

    def port(self, name):
        """The number in a variable."""
        return int(self.environ[f"{name}_PORT"])

    def prefixed(self, prefix):
        """Have its command run by another, as `haproxy.namespaces` gives them."""
        self._argv = [*prefix, *self._argv]
        return self

    def commanded(self, *words):
        """Give it a command of its own."""
        self._argv += words
        return self

    # its life

    def launch(self):
        """Start it and do not wait."""
        with self._log("stdout").open("ab") as out, self._log("stderr").open("ab") as err:
            self._process = subprocess.Popen(
                self._argv, env=self.environ, stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )

    def start(self):
        """Start it and wait until it is healthy and hears signals."""
        self.launch()
        eventually(lambda: self._is_healthy() and self._hears(), 60)
        return self

    def _hears(self):
        """Whether the master process catches SIGUSR2.

        Up to 3.0 it executes itself once more after its worker has begun to serve,
        and loses every signal until then.
        """
        with open(f"/proc/{self.pid}/status") as file:
            masks = dict(line.split(":\t") for line in file if line.startswith("Sig"))
        bit = 1 << signal.SIGUSR2 - 1
        return bit & int(masks["SigCgt"], 16) and not bit & int(masks["SigBlk"], 16)

    def _is_healthy(self):
        code = self._process.poll()
        if code is not None:
            raise RuntimeError(f"ended with {code}\n{self.said}")
        with self.connect("HEALTH") as connection:
            return ask(connection, written("localhost", "/healthz")).status == 200

    def signal(self, name):
        """Send it a signal: TERM, USR1 and so on."""
        self._process.send_signal(signal.Signals[f"SIG{name}"])

    def ended(self):
        """Wait for its end and return the exit code."""
        return self._process.wait(60)

    def stop(self):
        """Stop it as `docker stop` would."""
        if self._process and self._process.poll() is None:
            self.signal("TERM")
            try:
                self._process.wait(20)
            finally:
                self._process.kill()
                self._process.wait()

    @property
    def pid(self):
        return self._process.pid

    # what it says

    def _log(self, stream):
        return self.folder / f"{stream}.log"

    @property
    def said(self):
        """Messages, entrykit's and HAProxy's."""
        return self._log("stderr").read_text(errors="replace")

    @property
    def access_log(self):
        """The lines of the access log."""
        return self._log("stdout").read_bytes().splitlines()

    def evidence(self):
        """For the report of a failure: title and text of each thing worth seeing."""
        variables = "\n".join(f"{name}={value[:2000]}" for name, value in self.environ.items())
        yield f"{self.folder.name}: variables", variables
        rendered = sorted(self.config.glob("*.*")) if self.config.is_dir() else []
        for path in [self._log("stderr"), self._log("stdout"), *rendered]:
            if path.is_file():
                lines = path.read_text(errors="replace").splitlines()
                yield f"{self.folder.name}: {path.name}", "\n".join(lines[:SHOWN])

    # its clients

    def connect(self, name, **how):
        """Open a connection to the port of that name: HTTP, HTTPS, HEALTH and so on."""
        return connect(self.port(name), **how)

    @contextmanager
    def tls(self, sni, context=None, **how):
        """Open a TLS connection; the SNI may be None."""
        context = context or self.authority.client()
        with (
            self.connect("HTTPS", **how) as plain,
            context.wrap_socket(plain, server_hostname=sni) as connection,
        ):
            yield connection

    def http(self, host, path="/", *, method="GET", headers=(), body=b"", **how):
        """Ask over HTTP/1.1."""
        with self.connect("HTTP", **how) as connection:
            return ask(connection, written(host, path, method, headers, body), method)

    def https(self, host, path="/", *, sni=..., method="GET", headers=(), **how):
        """Ask over HTTPS and HTTP/1.1; the SNI is the host unless told."""
        with self.tls(host if sni is ... else sni, **how) as connection:
            return ask(connection, written(host, path, method, headers), method)

    @contextmanager
    def h2(self, sni):
        """A function from host and path to an answer, all over one HTTP/2 connection."""
        context = self.authority.client(("h2",))
        url = f"https://127.0.0.1:{self.port('HTTPS')}"
        with httpx.Client(http2=True, verify=context, timeout=TIMEOUT, trust_env=False) as client:

            def get(host, path="/", headers=()):
                headers = {"Host": host} | dict(headers)
                return client.get(url + path, headers=headers, extensions={"sni_hostname": sni})

            yield get


class Edges:
    """A fixture's value: call it with variables for an edge that runs until the fixture ends.

    Attributes:
        root: a folder for theirs.
    """

    def __init__(self, root, authority, path, evidence):
        self._root, self._authority, self._path = Path(root), authority, path
        self._all = []
        self._stack = ExitStack()
        self._evidence = evidence

    def __enter__(self):
        self._evidence.append(self.evidence)
        self._stack.callback(self._evidence.remove, self.evidence)
        return self

    def __exit__(self, *_):
        self._stack.close()

    def __call__(self, *, certificates=(), **variables):
        """Start one; `certificates` are the bytes of PEM files for CERTS_DIR."""
        return self.made(certificates=certificates, **variables).start()

    def made(self, *, certificates=(), **variables):
        """Make one that does not run yet.

        None takes a variable away, and a socket's name is put into the edge's folder.
        """
        folder = self._root / f"edge{len(self._all)}"
        folder.mkdir()
        if "ADMIN_SOCKET" in variables:
            variables["ADMIN_SOCKET"] = str(folder / variables["ADMIN_SOCKET"])
        edge = Edge(folder, self._authority, {"PATH": self._path} | variables)
        edge.certs.mkdir()
        for number, pem in enumerate(certificates):
            (edge.certs / f"{number}.pem").write_bytes(pem)
        self._all.append(edge)
        self._stack.callback(edge.stop)
        return edge

    def evidence(self):
        for edge in self._all:
            yield from edge.evidence()
