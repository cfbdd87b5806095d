"""docs/explain.md shows what entrykit says, word for word, and the drawing that it makes.

UPDATE_CASES=1 writes what comes out in place of comparing it: read the diff before you commit.
"""

from __future__ import annotations

import os
import re
import shlex
from contextlib import chdir
from pathlib import Path

import pytest

from entrykit.cli import main

PAGE = Path(__file__).parents[1] / "docs" / "explain.md"
PICTURE = PAGE.with_suffix(".svg")
CONSOLE = re.compile(r"(?s)(```console\n\$ )(entrykit explain [^\n>]*)\n(.*?)(?=```)")
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


def test_the_page_shows_what_is_said(explain):
    written = PAGE.read_text()

    current = CONSOLE.sub(lambda found: f"{found[1]}{found[2]}\n{explain(found[2])}", written)
    chart = explain("entrykit explain haproxy --env-file prod.env --graph")
    current = CHART.sub(lambda found: f"{found[1]}{chart}", current)
    if os.environ.get("UPDATE_CASES") == "1":
        PAGE.write_text(current)
        written = current

    assert len(CONSOLE.findall(written)) == 3
    assert len(CHART.findall(written)) == 1
    assert current == written


def test_the_picture_of_the_page_is_what_is_drawn(explain):
    drawn = explain("entrykit explain haproxy --env-file prod.env --graph=svg")
    if os.environ.get("UPDATE_CASES") == "1":
        PICTURE.write_text(drawn)

    assert PICTURE.read_text() == drawn
