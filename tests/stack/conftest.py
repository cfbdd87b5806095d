"""What the tests of the whole stack share."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from certbot.pebble import Pebble
from stack.stack import Stack


@pytest.fixture(scope="session")
def stack_path(search_path, tmp_path_factory):
    """PATH with all three daemons under test first."""
    folder = tmp_path_factory.mktemp("path")
    for name in ("nginx", "certbot"):
        named = os.environ.get(f"ENTRYKIT_TEST_{name.upper()}")
        program = shutil.which(named or name, path=f"{os.environ['PATH']}:/usr/sbin")
        assert program, f"no {name}: install it, or name one in ENTRYKIT_TEST_{name.upper()}"
        (folder / name).symlink_to(os.path.abspath(program))
    return f"{folder}:{search_path}"


@pytest.fixture
def open_root():
    """A folder that nginx's workers can reach: pytest's own are for their owner only."""
    with TemporaryDirectory(prefix="entrykit-test-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.fixture
def pebble(open_root):
    with Pebble(open_root / "pebble") as pebble:
        yield pebble


@pytest.fixture
def stack(open_root, pebble, stack_path, evidence):
    """Three programs that are started by the test; see `Stack`."""
    with Stack(open_root, pebble, stack_path, evidence) as stack:
        yield stack
