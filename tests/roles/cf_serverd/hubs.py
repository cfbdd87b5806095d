"""A running hub: cf-serverd through `entrykit cf-serverd`, and cf-serverd without it."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import count

from cf_serverd.clients import Client
from cf_serverd.sockets import listening
from cf_serverd.workdirs import Workdir, programs
from haproxy.polling import eventually
from haproxy.ports import free_port
from programs import ENTRYKIT, Running

LOOPBACK = "127.0.0.1"


class Server(Workdir):
    """A work dir and the cf-serverd in it.

    Attributes:
        port: for it to listen on.
        argv: the command.
        variables: what it is given.
        prefix: words that have it run in another network, or as another user.
    """

    def __init__(self, path):
        super().__init__(path)
        self.port = free_port()
        self.prefix, self.argv, self.variables = (), (), self.environ
        self.running = None

    def launch(self, **how):
        """Start it and do not wait."""
        log = self.path.with_name(f"{self.path.name}.log")
        self.running = Running([*self.prefix, *self.argv], self.variables, log, **how)
        return self

    def start(self):
        """Start it and wait until it listens."""
        self.launch().running.comes(self.listening)
        return self

    def stop(self):
        if self.running:
            self.running.__exit__()

    def ended(self):
        """Wait for its end and return the exit status."""
        return self.running.ended()

    def listening(self):
        """Where it listens."""
        return listening(self.running.pid)

    def signal(self, number):
        self.running.process.send_signal(number)

    @property
    def pid(self):
        return self.running.pid

    @property
    def output(self):
        """Its output, both streams together."""
        return self.running.log.read_text(errors="replace")

    def says(self, words):
        """Wait until its output contains some words."""
        return eventually(lambda: words in self.output, 30)

    def evidence(self):
        if self.running:
            yield from self.running.evidence()
        for path in (self.promises, self.promises.with_name("def.json")):
            if path.is_file():
                yield f"{self.path.name}: {path.name}", path.read_text(errors="replace")


class Raw(Server):
    """cf-serverd as it comes, with a work dir made by hand."""

    def __init__(self, path):
        super().__init__(path)
        self.argv = (f"{programs()}/cf-serverd", "--no-fork", "--no-lock")

    def policy(self, **attributes):
        """Write a policy that is right but for the lines given; None takes one away.

        Args:
            attributes: names of `body server control` to CFEngine's words for the value;
                `admit_ips` and `path` are those of the access promise.
        """
        local = f'{{ "{LOOPBACK}" }}'
        right = {
            "port": f'"{self.port}"',
            "bindtointerface": f'"{LOOPBACK}"',
            "allowconnects": local,
            "allowallconnects": local,
            "trustkeysfrom": "{ }",
            "allowtlsversion": '"1.2"',
        }
        given = right | attributes
        admitted = given.pop("admit_ips", local)
        path = given.pop("path", f'"{self.masterfiles}"')
        control = "".join(f"  {name} => {value};\n" for name, value in given.items() if value)
        return self.write(
            f"{MAIN}body server control {{\n{control}}}\n"
            "bundle server access_rules() {\n  access:\n"
            f'    {path} shortcut => "masterfiles", admit_ips => {admitted};\n}}\n'
        )

    def write(self, text):
        """Write promises.cf."""
        self.promises.write_text(text)
        self.promises.chmod(0o600)
        return self


MAIN = 'body common control { bundlesequence => { "main" }; }\nbundle common main { }\n'


class Hub(Server):
    """`entrykit cf-serverd`, with variables of its own, and loopback where possible."""

    def __init__(self, path, variables):
        super().__init__(path)
        self.argv = (ENTRYKIT, "cf-serverd")
        own = {
            "CF_SERVERD_ACL": LOOPBACK,
            "CF_SERVERD_PORT": str(self.port),
            "CF_SERVERD_BINDTOINTERFACE": LOOPBACK,
        }
        if "MPF" in variables:
            own = {"CF_SERVERD_ACL": LOOPBACK}  # the rest is for the framework to decide
        if variables.keys() & {"PROMISES", "PROMISES_FILE"}:
            own = {}
        given = {"PATH": self.environ["PATH"], "CFENGINE_WORKDIR": str(path)} | own | variables
        self.variables = {name: value for name, value in given.items() if value is not None}

    def evidence(self):
        yield f"{self.path.name}: variables", "\n".join(map("=".join, self.variables.items()))
        yield from super().evidence()


class Hubs:
    """A fixture's value: hubs and clients in a folder, until the fixture ends."""

    def __init__(self, root, evidence):
        self._root, self._evidence = root, evidence
        self._servers, self._stack, self._numbers = [], ExitStack(), count()

    def __enter__(self):
        self._evidence.append(self.evidence)
        self._stack.callback(self._evidence.remove, self.evidence)
        return self

    def __exit__(self, *_):
        self._stack.close()

    def __call__(self, files=(), **variables):
        """Start a hub; `files` are paths below its masterfiles to texts."""
        return self.made(files, **variables).start()

    def made(self, files=(), **variables):
        """Make a hub that does not run yet; None takes a variable away."""
        return self._kept(Hub(self._path("hub"), variables), files)

    def raw(self, files=()):
        """Make cf-serverd's work dir by hand: no role, no policy yet, not running."""
        return self._kept(Raw(self._path("raw")).made(), files)

    def client(self, *servers, prefix=()):
        """Make a client; it and the servers, whose keys are there, trust each other's keys."""
        client = Client(self._path("client"), prefix)
        for server in servers:
            client.pin(server)
            server.pin(client)
        return client

    def _path(self, kind):
        return self._root / f"{kind}{next(self._numbers)}"

    def _kept(self, server, files):
        (server.path / "masterfiles").mkdir(parents=True, exist_ok=True)
        server.serve(dict(files))
        self._servers.append(server)
        self._stack.callback(server.stop)
        return server

    def evidence(self):
        for server in self._servers:
            yield from server.evidence()
