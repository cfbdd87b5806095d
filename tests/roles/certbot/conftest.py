"""What the tests of the certbot role share."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack

import pytest
from certbot.pebble import Pebble


@pytest.fixture(scope="session")
def certbot_path(tmp_path_factory):
    """PATH with the certbot under test first: ENTRYKIT_TEST_CERTBOT, or that of our own PATH."""
    named = os.environ.get("ENTRYKIT_TEST_CERTBOT", "certbot")
    program = shutil.which(named, path=f"{os.environ['PATH']}:/usr/bin")
    assert program, f"no {named}: install it, or name one in ENTRYKIT_TEST_CERTBOT"
    folder = tmp_path_factory.mktemp("path")
    (folder / "certbot").symlink_to(os.path.abspath(program))
    return f"{folder}:/usr/sbin:/usr/bin:/sbin:/bin"


@pytest.fixture
def authority(tmp_path, evidence):
    """Start an authority with the settings given; see `Pebble`."""
    with ExitStack() as stack:

        def start(name="pebble", **settings):
            pebble = Pebble(tmp_path / name, **settings)
            evidence.append(pebble.evidence)
            stack.callback(evidence.remove, pebble.evidence)
            return stack.enter_context(pebble)

        yield start


@pytest.fixture
def pebble(authority):
    """An authority as it is by default."""
    return authority()
