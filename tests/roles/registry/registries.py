"""Running registries, with entrykit or without, each on a free port."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import httpx
import yaml
from haproxy.ports import free_port
from programs import ENTRYKIT, Running

WHOLE = 2 * 1024 * 1024  # bytes of a log in a failure's report
PRIVATE = 0o600


class Registry:
    """One registry that a test starts.

    Attributes:
        folder: the directory of `config`, `data` and the log.
        environ: what the program is given.
        port: where it listens, on loopback.
        running: its process once it is launched; see `programs.Running`.
        client: asks it, with paths for URLs.
    """

    def __init__(self, folder, port, argv, environ, verify=None):
        self.folder, self.port, self.argv, self.environ = folder, port, argv, environ
        self.running = None
        scheme = "http" if verify is None else "https"
        self.client = httpx.Client(
            base_url=f"{scheme}://127.0.0.1:{port}",
            verify=verify or False,  # what a client trusts is read for each one
            trust_env=False,
            timeout=20,
        )

    @property
    def config(self):
        return self.folder / "config"

    @property
    def data(self):
        return self.folder / "data"

    @property
    def host(self):
        """The first part of the names of its images."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"http://{self.host}"

    @property
    def file(self):
        """The config.yml that it runs with, read."""
        return yaml.safe_load((self.config / "config.yml").read_text())

    @property
    def output(self):
        """Its whole output."""
        return (self.folder / "log").read_text(errors="replace")

    def with_prefix(self, *words):
        """Run its command by another one, which ends in exec."""
        self.argv = [*words, *self.argv]
        return self

    def with_command(self, *words):
        """Give it a command of its own, as the words of `docker run` after the image."""
        self.argv += words
        return self

    def launch(self):
        """Start it and do not wait."""
        self.running = Running(self.argv, self.environ, self.folder / "log")
        return self

    def start(self):
        """Start it and wait until it answers."""
        self.launch()
        self.running.comes(self.answers)
        return self

    def answers(self):
        """Ask once whether it is well; without a listener, as `Running.comes` expects it."""
        try:
            return (
                self.client.get("/").status_code == 200
            )  # without a login, whatever REGISTRY_AUTH
        except httpx.TransportError as error:
            raise OSError(str(error)) from error

    def run_to_end(self):
        """Run it to its end; return the exit status and the whole output."""
        self.launch()
        return self.running.ended(), self.output

    def stop(self):
        if self.running:
            self.running.__exit__()
        self.client.close()

    def evidence(self):
        """For the report of a failure: title and text of each thing worth seeing."""
        name = self.folder.name
        yield f"{name}: variables", "\n".join(f"{key}={self.environ[key]}" for key in self.environ)
        for path in [self.folder / "log", *sorted(self.config.glob("*.yml"))]:
            if path.is_file():
                yield f"{name}: {path.name}", path.read_text(errors="replace")[:WHOLE]


class Registries:
    """A fixture's value: registries of one release, which run until the fixture ends.

    Args:
        root: the parent of their directories.
        path: a PATH whose `registry` is of that release.
        evidence: what is attached to a failure.
    """

    def __init__(self, root, path, evidence):
        self._root, self.path, self._evidence = Path(root), path, evidence
        self._all = []
        self._stack = ExitStack()

    def __enter__(self):
        self._evidence.append(self.evidence)
        self._stack.callback(self._evidence.remove, self.evidence)
        return self

    def __exit__(self, *_):
        self._stack.close()

    def __call__(self, **variables):
        """Start `entrykit registry` with variables."""
        return self.create(**variables).start()

    def create(self, *, verify=None, **variables):
        """Create one that does not run yet; None removes a variable.

        Without REGISTRY_STORAGE it stores on disk; `verify` is the TLS context of a client.
        """
        folder, port = self._new()
        environ = {
            "PATH": self.path,
            "CONFIG_DIR": str(folder / "config"),
            "REGISTRY_HTTP_ADDR": f"127.0.0.1:{port}",
        }
        if "REGISTRY_STORAGE" not in variables:
            environ["REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY"] = str(folder / "data")
        environ |= variables
        environ = {name: value for name, value in environ.items() if value is not None}
        return self._keep(Registry(folder, port, [str(ENTRYKIT), "registry"], environ, verify))

    def raw(self, config=None, **variables):
        """Start the daemon by itself with a config.yml and variables of the environment."""
        return self.create_raw(config, **variables).start()

    def create_raw(self, config=None, **variables):
        """Create one of these that does not run yet; `config` overrides the minimal file."""
        folder, port = self._new()
        (folder / "config").mkdir()
        file = folder / "config" / "config.yml"
        least = {
            "version": "0.1",
            "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
            "http": {"addr": f"127.0.0.1:{port}"},
        }
        http = least["http"] | (config or {}).get("http", {})
        file.write_text(yaml.safe_dump(least | (config or {}) | {"http": http}))
        argv = [self.path.partition(":")[0] + "/registry", "serve", str(file)]
        environ = {"PATH": self.path, "OTEL_TRACES_EXPORTER": "none"} | variables
        return self._keep(Registry(folder, port, argv, environ))

    def _new(self):
        folder = self._root / f"registry{len(self._all)}"
        folder.mkdir()
        return folder, free_port()

    def _keep(self, registry):
        self._all.append(registry)
        self._stack.callback(registry.stop)
        return registry

    def evidence(self):
        for registry in self._all:
            yield from registry.evidence()


def secret_file(folder, name, text):
    """Write a secret as a platform mounts one; returns its path as text."""
    path = Path(folder) / name
    path.touch(PRIVATE)
    path.write_text(text)
    return os.fspath(path)


def processes(word):
    """PIDs of those with a word in their command lines, but for zombies."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found
