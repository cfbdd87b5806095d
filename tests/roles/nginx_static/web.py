"""A running `entrykit nginx-static`: the real program, the real daemon, ports of its own."""

from __future__ import annotations

from haproxy.client import ask, written
from haproxy.edge import PROGRAM, Edge, Edges
from haproxy.ports import free_port


class Web(Edge):
    """One `entrykit nginx-static` with variables of its own.

    Attributes:
        www: the folder of the sites.
        logs: where NGINX_LOGS=per-domain goes.
    """

    def __init__(self, folder, environ):
        self.www, self.logs = folder / "www", folder / "logs"
        super().__init__(folder, None, environ)
        self._argv = [str(PROGRAM), "nginx-static"]

    def _defaults(self):
        ports = {name: str(free_port()) for name in ("HTTP_PORT", "HEALTH_PORT")}
        folders = {"CONFIG_DIR": self.config, "WWW_ROOT": self.www, "LOG_DIR": self.logs}
        return {"BIND": "127.0.0.1"} | ports | {name: str(path) for name, path in folders.items()}

    def running(self, *command):
        """Have it run a command, as the words of `docker run` after the image."""
        self._argv += command
        return self

    def write(self, files):
        """Write files below `www`: paths to texts or bytes."""
        for path, content in files.items():
            target = self.www / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)

    def get(self, host, path="/", *, method="GET", headers=(), **how):
        """Ask for a path."""
        return self.http(host, path, method=method, headers=headers, **how)

    def text(self, host, path="/", **how):
        """Return the status and the body of what is there."""
        answer = self.get(host, path, **how)
        return answer.status, answer.body.decode(errors="replace")

    def raw(self, request):
        """Send bytes and read the answer."""
        with self.connect("HTTP") as connection:
            return ask(connection, request)

    def health(self, path="/healthz"):
        """Ask the health port."""
        with self.connect("HEALTH") as connection:
            return ask(connection, written("localhost", path))


class Webs(Edges):
    """A fixture's value: call it with files and variables for a server until the fixture ends."""

    def __init__(self, root, path, evidence):
        super().__init__(root, None, path, evidence)

    def __call__(self, files=(), **variables):
        """Start one; `files` are paths below WWW_ROOT to texts or bytes."""
        return self.made(files, **variables).start()

    def made(self, files=(), **variables):
        """Make one that does not run yet; None takes a variable away."""
        folder = self._root / f"web{len(self._all)}"
        folder.mkdir()
        web = Web(folder, {"PATH": self._path} | variables)
        web.www.mkdir()
        web.write(dict(files))
        self._all.append(web)
        self._stack.callback(web.stop)
        return web
