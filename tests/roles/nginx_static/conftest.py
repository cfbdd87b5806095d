"""What the tests of the nginx-static role share."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import pytest
from nginx_static.web import Webs
from programs import under_test


@pytest.fixture(scope="session")
def search_path(search_path, tmp_path_factory):
    """PATH with the nginx under test first, and behind it the HAProxy under test."""
    folder = tmp_path_factory.mktemp("path")
    (folder / "nginx").symlink_to(under_test("nginx"))
    return f"{folder}:{search_path}"


@pytest.fixture(scope="module")
def open_folder():
    """A folder that workers can reach: pytest's own are for their owner only."""
    with TemporaryDirectory(prefix="entrykit-test-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.fixture
def web(open_folder, search_path, evidence):
    """Start nginx with files and variables; see `Webs`."""
    folder = Path(mkdtemp(dir=open_folder))
    folder.chmod(0o755)
    with Webs(folder, search_path, evidence) as webs:
        yield webs


@pytest.fixture(scope="module")
def shared_web(open_folder, search_path, evidence):
    """The same, for a server of all tests of a module."""
    folder = open_folder / "shared"
    folder.mkdir()
    with Webs(folder, search_path, evidence) as webs:
        yield webs
