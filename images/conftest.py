"""The cases of our images: each is judged by the daemon under test, of any release."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from programs import under_test

from entrykit.discovery.finder import load_role
from entrykit.errors import EntrykitError


def pytest_itemcollected(item):
    """Have what a daemon says of a case said by its other releases as well.

    The registry's come not from Debian's releases: its own tests run with each.
    """
    if item.name == "check" and item.case.role != "registry":
        item.add_marker(pytest.mark.versions)


def pytest_collection_modifyitems(config, items):
    """Have certbot judge equal files once: it takes long to start, and has equal ones in half.

    Of its cases' other file, of our keeper, it knows nothing.
    """
    kept, again, seen = [], [], set()
    for item in items:
        file = item.path.parent / "expected" / "entrykit.ini"
        text = file.read_bytes() if item.name == "check" and file.exists() else item
        (again if text in seen else kept).append(item)
        seen.add(text)
    config.hook.pytest_deselected(items=again)
    items[:] = kept


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Have a daemon that has not what a case needs refuse it.

    With 65, or with 78 where entrykit knows the version better.
    """
    if item.name != "check":
        return (yield)
    program = under_test(load_role(item.case.role).daemon)
    needed = needs(item.case.folder)
    with in_path(load_role(item.case.role).daemon, program):
        if not needed or needed <= features(program):
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
def features(daemon: str) -> set[str]:
    """What this build has: features as `haproxy -vv` lists them, options as certbot does."""
    if Path(daemon).name == "certbot":
        said = subprocess.run([daemon, "--help", "all"], capture_output=True, text=True, check=True)
        return {word for word in said.stdout.split() if word.startswith("--")}
    if Path(daemon).name in {"registry", "docker-registry"}:
        said = subprocess.run([daemon, "--version"], capture_output=True, text=True, check=True)
        return {"3", "azure"} if "/v3" in said.stdout else {"2.8"}  # Debian's 2.8 is without
    said = subprocess.run([daemon, "-vv"], capture_output=True, text=True, check=True).stdout
    return {word.removeprefix("+") for word in said.split() if word.startswith("+")}
