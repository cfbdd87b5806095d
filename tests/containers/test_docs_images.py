"""What docs/images.md says of the images is so."""

from __future__ import annotations

import re
import runpy
from signal import Signals

import pytest
from containers.engine import HOME, config_of, podman
from image_data.listing import load, names
from image_data.pages import stop_signal

pytestmark = pytest.mark.containers

PAGE = (HOME / "docs/images.md").read_text()
IMAGES = names()


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
def test_an_image_is_what_its_row_says(name):
    """The rows are made of image.toml: its user, signal, ports, volumes and folders are real."""
    image, tag = load(name), f"localhost/entrykit/{name}"
    config = config_of(tag)
    ports = {port.removesuffix("/tcp") for port in config.get("ExposedPorts") or ()}
    folders = podman("run", "--rm", "--entrypoint", "ls", tag, "-d", *image.page.folders, "/")

    assert ports == {*image.base.ports, *image.own.ports}
    assert {*(config.get("Volumes") or ())} == {*image.base.volumes}
    assert (config.get("User") or "root") == (image.own.user or image.base.user or "root")
    assert (config.get("StopSignal") or stop_signal(image)) in signals(stop_signal(image))
    assert {*folders.stdout.split()} == {*image.page.folders, "/"}


def signals(name):
    """A signal's name and number: engines tell either."""
    return {name, str(int(Signals[name]))} if name else {"", "SIGTERM", "15"}
