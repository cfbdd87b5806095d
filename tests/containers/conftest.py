"""Servers in containers, ready to be asked."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from containers.engine import Container
from containers.rows import BIG
from haproxy.ports import free_port


@pytest.fixture
def site(tmp_path):
    """A folder of files for example.com."""
    folder = tmp_path / "www" / "example.com"
    folder.mkdir(parents=True)
    (folder / "hello.txt").write_text("hello from a volume\n")
    with (folder / "slow").open("wb") as file:
        file.truncate(BIG)
    return folder.parent


def volumes(row, site):
    """What a row has mounted."""
    return {
        path: site if what == "site" else empty(site.parent)
        for path, what in row.serves.volumes.items()
    }


def empty(folder):
    """A new folder that any user writes to."""
    made = folder / f"empty-{free_port()}"
    made.mkdir()
    made.chmod(0o777)
    return made


@pytest.fixture
def serving(site, evidence):
    """Run an image of the table until it serves: a context with a container and its port."""

    @contextmanager
    def serving(row, user=None, *, writable=True, **environ):
        port = free_port()
        container = Container(
            row.image,
            options=row.options_for(user or row.container.user, writable=writable),
            environ=row.serves.environ | environ,
            ports={row.serves.port: port},
            volumes=volumes(row, site),
            evidence=evidence,
        )
        with container:
            container.comes(lambda: row.answer(port))
            yield container, port

    return serving
