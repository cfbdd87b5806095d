"""The cases of the images: each is checked by the daemon under test, of any release."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from image_data.listing import role_images
from programs import under_test
from role_warnings import ignore_warnings

from entrykit.errors import EntrykitError

IMAGES = Path(__file__).parent


def pytest_configure(config):
    ignore_warnings(config)


def pytest_itemcollected(item):
    """Have a case checked by the daemon's other releases as well, where image.toml has them."""
    if item.name == "check" and role_images()[item.case.role].releases:
        item.add_marker(pytest.mark.versions)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Have a daemon that has not what a case needs refuse it.

    With 65, or with 78 where entrykit knows the version better.
    """
    if item.name != "check":
        return (yield)
    role = item.case.role
    daemon = role_images()[role].daemon.name
    program = under_test(daemon)
    needed = needs(item.case.folder)
    with in_path(daemon, program):
        if not needed or needed <= features(role, program):
            return (yield)
        with pytest.raises(EntrykitError) as refused:
            yield
    assert refused.value.exit_code in {65, 78}


@contextmanager
def in_path(name: str, program: str):
    """Have PATH lead to a program by a name that may not be its own."""
    before = os.environ["PATH"]
    with TemporaryDirectory() as folder:
        Path(folder, name).symlink_to(program)
        os.environ["PATH"] = f"{folder}:{before}"
        try:
            yield
        finally:
            os.environ["PATH"] = before


def needs(case: Path) -> set[str]:
    """The words of the file `needs`: what `features` finds in this daemon or does not."""
    path = case / "needs"
    return set(path.read_text().split()) if path.exists() else set()


@cache
def features(role: str, daemon: str) -> set[str]:
    """What this build has, as images/<role>/features tells; nothing without that file."""
    asks = IMAGES / role / "features"
    if not asks.exists():
        return set()
    done = subprocess.run([asks, daemon], capture_output=True, text=True, check=True)
    return set(done.stdout.split())
