"""A repository with one case, which is right."""

from __future__ import annotations

import pytest
from testing.repository import CASE, ROLE, SITE, Repository


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """The files of a repository with one case, which is right."""
    made = Repository(tmp_path_factory.mktemp("written")).add({f"{CASE}/env": SITE})
    assert made.pytest("--entrykit-update", *ROLE).counts == {"updated": 1}
    return made.texts()


@pytest.fixture
def repository(tmp_path, written):
    """With that case."""
    return Repository(tmp_path, "haproxy").add(written)
