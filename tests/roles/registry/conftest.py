"""Fixtures of the tests of the registry role."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from haproxy.authority import Authority
from registry.images import Carry, Skopeo, image
from registry.registries import Registries
from registry.stores import Bucket, Store, tap_store

TOOL = Path(__file__).parents[3] / "tools" / "registry-release"


@pytest.fixture(scope="session", params=["2.8", "3.1"])
def release(request):
    """Each release of the registry in turn."""
    return request.param


@pytest.fixture(scope="session")
def binary(release):
    """The path of the registry of that release."""
    done = subprocess.run([TOOL, release], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="session")
def registry_path(binary, tmp_path_factory):
    """PATH with that registry first."""
    folder = tmp_path_factory.mktemp("path")
    (folder / "registry").symlink_to(binary)
    return f"{folder}:/usr/sbin:/usr/bin:/sbin:/bin"


@pytest.fixture
def registry(tmp_path, registry_path, evidence):
    """Start registries with the variables given; see `Registries`."""
    with Registries(tmp_path, registry_path, evidence) as registries:
        yield registries


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """An S3 store for all tests of this process."""
    with Store(tmp_path_factory.mktemp("store")) as store:
        yield store


@pytest.fixture
def bucket(store):
    """A bucket in the store; see `Bucket`."""
    with tap_store(store) as tap:
        yield Bucket(store, tap)


@pytest.fixture(scope="session")
def authority():
    return Authority()


@pytest.fixture
def skopeo(tmp_path):
    folder = tmp_path / "skopeo"
    folder.mkdir()
    return Skopeo(folder)


@pytest.fixture
def hello(tmp_path):
    """A small image; see `Image`."""
    return image(tmp_path / "hello")


@pytest.fixture
def carry(skopeo, hello, tmp_path):
    """Carry an image into a registry and out of it by its digest; see `Carry`."""
    return Carry(skopeo, hello, tmp_path / "out")
