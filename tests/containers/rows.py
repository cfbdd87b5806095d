"""How each image is run, asked, and told to stop: rows of what images/<name>/image.toml has."""

from __future__ import annotations

import itertools
import socket
from dataclasses import dataclass, replace

import pytest
from image_data.listing import role_images
from image_data.model import RoleImage

ANY = "12345:0"  # an arbitrary user of group 0, as OpenShift has it
LOW_PORTS = ("--sysctl", "net.ipv4.ip_unprivileged_port_start=0")  # as Docker has it by default


BIG = 8 * 1024 * 1024  # bytes of an answer, more than sockets hold


@dataclass(frozen=True)
class Row:
    """One image on one base.

    Attributes:
        name: of its folder.
        role_image: what its image.toml has.
        bare: the image that it stands on.
        tag: with its colon, or nothing.
    """

    name: str
    role_image: RoleImage
    bare: str
    tag: str = ""

    @property
    def container(self):
        """What its tests run it with."""
        return self.role_image.container

    @property
    def serves(self):
        """How it is asked."""
        return self.container.serves

    @property
    def daemon(self):
        """What PID 1 is called (comm)."""
        return self.role_image.daemon.name

    @property
    def image(self):
        return f"localhost/entrykit/{self.name}{self.tag}"

    @property
    def id(self):
        """What pytest calls it."""
        return self.name + self.tag.replace(":", "-")

    @property
    def on_alpine(self):
        """The same image on Alpine, as `tools/images --alpine` builds it, or None."""
        return self._on("alpine")

    @property
    def on_bookworm(self):
        """The same image on Debian 12, as `tools/images --bookworm` builds it, or None."""
        return self._on("bookworm")

    def _on(self, tag):
        bare = getattr(self.role_image.bases, tag)
        return replace(self, bare=bare, tag=f":{tag}") if bare else None

    def options_for(self, user, *, writable):
        """Options for one user, with no capability but what the daemon needs."""
        options = [*self.container.options, "--cap-drop", "ALL"]
        if user == "root":
            options += [
                word for name in self.role_image.daemon.capabilities for word in ("--cap-add", name)
            ]
        if not writable:
            options += ["--read-only", "--read-only-tmpfs=false", "--tmpfs", self.container.scratch]
            # Podman's tmpfs is root's, with the mode of the image's folder, 775.
            options += ["--group-add", "0"]
        return [*options, "--user", user]

    def answer(self, port):
        """Ask once; returns the body of an answer with 200."""
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.settimeout(5)
            connection.sendall(written(self.serves.request))
            data = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = data.partition(b"\r\n\r\n")
        assert head.split()[1:2] == [b"200"], head
        return body.decode()


def written(path, *headers):
    """A request of HTTP/1.1 that asks for the connection's end."""
    lines = [f"GET {path} HTTP/1.1", "Host: example.com", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode()


ROLES = {
    name: Row(name=name, role_image=image, bare=image.base.image)
    for name, image in role_images().items()
}
SERVERS = tuple(row for row in ROLES.values() if row.serves)
# By which tests show what holds of all images.
HAPROXY, NGINX, REGISTRY = (ROLES[name] for name in ("haproxy", "nginx-static", "registry"))
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
    """Yield each image on each base that it is built on."""
    bases = [[*rows], [row.on_alpine for row in rows], [row.on_bookworm for row in rows]]
    yield from (row for built in bases for row in built if row)


def each(rows):
    """One parameter for each image on each base."""
    return [pytest.param(row, id=row.id, marks=marks(row)) for row in everywhere(rows)]


def every_way(rows):
    """One parameter for each image, base, user and root."""
    return [
        pytest.param(
            row,
            row.container.user if user == "own" else user,
            writable,
            id=f"{row.id}-{user}-{'writable' if writable else 'read-only'}",
            marks=marks(row),
        )
        for row, user, writable in itertools.product(everywhere(rows), USERS, (True, False))
    ]
