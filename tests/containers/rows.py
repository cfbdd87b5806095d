"""The table of images: how each is run, asked, and told to stop. A row is all that a test knows."""

from __future__ import annotations

import itertools
import socket
from dataclasses import dataclass, replace

import pytest

ANY = "12345:0"  # an arbitrary user of group 0, as OpenShift has it
LOW_PORTS = ("--sysctl", "net.ipv4.ip_unprivileged_port_start=0")  # as Docker has it by default


BIG = 8 * 1024 * 1024  # bytes of an answer, more than sockets hold


@dataclass(frozen=True)
class Row:
    """One image.

    Attributes:
        name: of its folder, and its tag.
        daemon: what PID 1 is called (comm).
        environ: variables that make it serve.
        port: where it serves HTTP in the container.
        request: what is asked there; the answer has 200.
        body: what the answer ends with.
        own: the image's own user, and a second one that its folders are for.
        root_needs: capabilities that the daemon needs as root.
        scratch: the one folder that has to be writable.
        reload: the signal; None where the daemon knows none.
        options: of every run.
        bad: variables that are wrong, and the word that has to be in the log.
        bare: the image that it stands on.
        alpine: that on Alpine.
        tag: with its colon, or nothing.
    """

    name: str
    daemon: str
    environ: dict[str, str]
    port: int
    request: str
    body: str
    own: str
    scratch: str
    bare: str
    alpine: str
    reload: str | None
    bad: dict[str, str]
    root_needs: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    tag: str = ""

    @property
    def image(self):
        return f"localhost/entrykit/{self.name}{self.tag}"

    @property
    def id(self):
        """What pytest calls it."""
        return self.name + self.tag.replace(":", "-")

    @property
    def on_alpine(self):
        """The same image on Alpine, as `tools/images --alpine` builds it."""
        return replace(self, bare=self.alpine, tag=":alpine")

    @property
    def on_bookworm(self):
        """The same image on Debian 12, as `tools/images --bookworm` builds it."""
        return replace(self, bare=f"{self.bare}-bookworm", tag=":bookworm")

    def options_for(self, user, *, writable):
        """Options for one user, with no capability but what the daemon needs."""
        options = [*self.options, "--cap-drop", "ALL"]
        if user == "root":
            options += [word for name in self.root_needs for word in ("--cap-add", name)]
        if not writable:
            options += ["--read-only", "--read-only-tmpfs=false", "--tmpfs", self.scratch]
            # Podman's tmpfs is root's, with the mode of the image's folder, 775.
            options += ["--group-add", "0"]
        return [*options, "--user", user]

    def answer(self, port):
        """Ask once; returns the body of an answer with 200."""
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.settimeout(5)
            connection.sendall(written(self.request))
            data = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = data.partition(b"\r\n\r\n")
        assert head.split()[1:2] == [b"200"], head
        return body.decode()


def written(path, *headers):
    """A request of HTTP/1.1 that asks for the connection's end."""
    lines = [f"GET {path} HTTP/1.1", "Host: example.com", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode()


SLOW = """\
    http-request wait-for-body time 30s if { path /slow }
    http-request return status 200 content-type text/plain string served if { path /slow }
"""

HAPROXY = Row(
    name="haproxy",
    daemon="haproxy",
    # It is its own app: what answers is the health endpoint, through the whole way of a request.
    environ={
        "DOMAINS": "127.0.0.1:8401:example.com",
        "HTTPS_REDIRECT": "off",
        "HAPROXY_EXTRA_FRONTEND": SLOW,
    },
    port=80,
    request="/healthz",
    body="Service ready.\n</body></html>\n",
    own="haproxy",
    scratch="/usr/local/etc/haproxy",
    bare="docker.io/library/haproxy:3.2",
    alpine="docker.io/library/haproxy:3.2-alpine",
    reload="SIGUSR2",
    options=LOW_PORTS,
    bad={"DOMAINS": "web:", "HTTP_PORT": "http"},
)

NGINX = Row(
    name="nginx-static",
    daemon="nginx",
    environ={"DOMAINS": "example.com"},
    port=8080,
    request="/hello.txt",
    body="hello from a volume\n",
    own="nginx:0",
    scratch="/etc/nginx/entrykit",
    bare="docker.io/library/nginx:1.28",
    alpine="docker.io/library/nginx:1.28-alpine-slim",
    reload="SIGHUP",
    root_needs=("CHOWN", "SETGID", "SETUID"),
    bad={"DOMAINS": "-", "HTTP_PORT": "http"},
)

REGISTRY = Row(
    name="registry",
    daemon="registry",
    environ={},
    port=5000,
    request="/v2/",
    body="{}",
    own="1000:0",
    scratch="/etc/docker/registry",
    bare="docker.io/library/registry:2.8.3",
    alpine="localhost/entrykit-tests/registry:alpine",
    reload=None,
    bad={"REGISTRY_HTTP_ADDR": "x", "REGISTRY_LOG_LEVEL": "loud"},
)

SERVERS = (HAPROXY, NGINX, REGISTRY)
OFFICIALLY_DEBIAN = (HAPROXY, NGINX)
USERS = ("root", "own", ANY)


# What an image's tag is, with its colon; those on Alpine are images of their own.
TAGS = (
    pytest.param("", id="debian"),
    pytest.param(":alpine", id="alpine", marks=pytest.mark.alpine),
)
BOOKWORM = pytest.param(":bookworm", id="bookworm", marks=pytest.mark.bookworm)


def marks(row):
    return getattr(pytest.mark, row.tag[1:]) if row.tag else ()


def everywhere(rows):
    """Yield each image, each on Alpine, and some on Debian 12."""
    yield from rows
    yield from (row.on_alpine for row in rows)
    yield from (row.on_bookworm for row in rows if row in OFFICIALLY_DEBIAN)


def each(rows):
    """One parameter for each image on each base."""
    return [pytest.param(row, id=row.id, marks=marks(row)) for row in everywhere(rows)]


def every_way(rows):
    """One parameter for each image, base, user and root."""
    return [
        pytest.param(
            row,
            row.own if user == "own" else user,
            writable,
            id=f"{row.id}-{user}-{'writable' if writable else 'read-only'}",
            marks=marks(row),
        )
        for row, user, writable in itertools.product(everywhere(rows), USERS, (True, False))
    ]
