"""What each Dockerfile says by itself, built with no argument and by any builder.

They are generated: `make dockerfiles` writes them.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from image_data.dockerfile import dockerfile

import entrykit

HOME = Path(__file__).resolve().parents[2]
FILES = sorted(HOME.glob("images/*/Dockerfile"))

pytestmark = pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)


def test_it_is_what_the_template_and_the_data_give(path):
    assert path.read_text() == dockerfile(path.parent.name), "make dockerfiles"


def test_it_is_of_this_version(path):
    (version,) = re.findall(r'image.version="(.*?)"', path.read_text())

    assert version == entrykit.__version__


def test_bases_are_pinned_by_their_tags(path):
    """None is whatever is newest on the day of a build."""
    arguments = dict(re.findall(r"^ARG (BASE|PYTHON)=(.*)$", path.read_text(), re.MULTILINE))
    sources = re.findall(r"^FROM (\S+)", path.read_text(), re.MULTILINE)

    assert sources == ["${PYTHON}", "${BASE}"]
    assert arguments.keys() == {"BASE", "PYTHON"}
    assert all(re.search(r":v?\w*[.\d\w-]+$", image) for image in arguments.values())
    assert not any(image.endswith(":latest") for image in arguments.values())


def test_one_layer_is_made_the_same_way_everywhere(path):
    """So that engines store it once."""
    stages = {each: each.read_text().partition(" AS layer\n")[2] for each in (path, FILES[0])}
    made = {stage.partition("/opt/entrykit\n")[0] for stage in stages.values()}

    assert len(made) == 1
    assert "tools/layer" in made.pop()
