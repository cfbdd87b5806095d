"""What the tests of the cf-serverd role share."""

from __future__ import annotations

import pytest
from cf_serverd.hubs import Hubs
from cf_serverd.networks import Network


@pytest.fixture
def hub(tmp_path, evidence):
    """Start hubs and make clients; see `Hubs`."""
    with Hubs(tmp_path, evidence) as hubs:
        yield hubs


@pytest.fixture
def network():
    """A hub's network with cables to clients'; see `Network`."""
    with Network() as network:
        yield network
