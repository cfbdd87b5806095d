"""What the tests of the haproxy role share."""

from __future__ import annotations

import pytest
from haproxy.apps import App
from haproxy.authority import Authority
from haproxy.edge import Edges


@pytest.fixture(scope="session")
def authority():
    return Authority()


@pytest.fixture
def edge(tmp_path, authority, search_path, evidence):
    """Start an edge with the variables given; see `Edges`."""
    with Edges(tmp_path, authority, search_path, evidence) as edges:
        yield edges


@pytest.fixture(scope="module")
def shared_edge(tmp_path_factory, authority, search_path, evidence):
    """The same, for edges that serve all tests of a module."""
    with Edges(tmp_path_factory.mktemp("shared"), authority, search_path, evidence) as edges:
        yield edges


@pytest.fixture(scope="session")
def web():
    with App("web") as app:
        yield app


@pytest.fixture(scope="session")
def api():
    with App("api") as app:
        yield app
