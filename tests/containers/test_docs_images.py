"""What docs/images.md says of the images is so."""

from __future__ import annotations

import re
import runpy

import pytest
from containers.engine import HOME, config_of

pytestmark = pytest.mark.containers

PAGE = (HOME / "docs/images.md").read_text()
IMAGES = sorted(path.parent.name for path in HOME.glob("images/*/Dockerfile"))


def figures(table):
    """Row to its last figure, of a table with one."""
    rows = re.findall(r"^\| (.+?) \|.*\| ([0-9.]+) \|$", table, re.MULTILINE)
    return {title: float(figure) for title, figure in rows}


def test_the_table_of_the_layer_is_what_the_command_prints():
    """Row by row; sizes move a little with each release of Python and of the packages."""
    sizes = runpy.run_path(str(HOME / "tools/layer-sizes"))
    printed = figures("\n".join(sizes["table"](sizes["layer"]())))
    written = figures(
        PAGE.partition("<!-- layer: begin -->")[2].partition("<!-- layer: end -->")[0]
    )

    assert written.keys() == printed.keys()
    for title, figure in printed.items():
        assert written[title] == pytest.approx(figure, rel=0.1, abs=0.05)


@pytest.mark.parametrize("name", IMAGES)
def test_every_image_has_its_row(name):
    """With its base, its signal and its ports."""
    (row,) = re.findall(
        rf"^\| `{name}` \| `(.*)$", PAGE.partition("## What each")[2], re.MULTILINE
    )[:1]
    config = config_of(f"localhost/entrykit/{name}")
    recipe = (HOME / f"images/{name}/Dockerfile").read_text()
    base = re.search(r"^ARG BASE=docker.io/(?:library/)?(.*)$", recipe, re.MULTILINE)[1]

    assert row.startswith(f"{base}`")
    for port in config.get("ExposedPorts") or ():
        assert port.removesuffix("/tcp") in row
    assert config.get("StopSignal", "") in row
