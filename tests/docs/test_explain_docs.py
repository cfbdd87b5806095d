"""docs/explain.md shows the drawing that entrykit makes.

UPDATE_CASES=1 writes what comes out in place of comparing it: read the diff before you commit.
"""

from __future__ import annotations

import os
import re
import shlex
from contextlib import chdir
from pathlib import Path

import pytest

from entrykit.cli.main import main

PAGE = Path(__file__).parents[2] / "docs" / "explain.md"
PICTURE = PAGE.with_suffix(".svg")
CHART = re.compile(r"(?s)(```mermaid\n).*?(?=```)")


@pytest.fixture
def explain(tmp_path, capsys):
    (env,) = re.findall(r"(?s)```dotenv\n(.*?)```", PAGE.read_text())
    (tmp_path / "prod.env").write_text(env)

    def explain(command):
        with chdir(tmp_path):
            assert main(shlex.split(command), {}) == 0
        return capsys.readouterr().out

    return explain


def test_the_page_shows_what_is_drawn(explain):
    written = PAGE.read_text()

    chart = explain("entrykit explain haproxy --env-file prod.env --graph")
    current = CHART.sub(lambda found: f"{found[1]}{chart}", written)
    if os.environ.get("UPDATE_CASES") == "1":
        PAGE.write_text(current)
        written = current

    assert len(CHART.findall(written)) == 1
    assert current == written


def test_the_picture_of_the_page_is_what_is_drawn(explain):
    drawn = explain("entrykit explain haproxy --env-file prod.env --graph=svg")
    if os.environ.get("UPDATE_CASES") == "1":
        PICTURE.write_text(drawn)

    assert PICTURE.read_text() == drawn
