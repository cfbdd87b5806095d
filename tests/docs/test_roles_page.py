"""What docs/roles.md says to import is there; tests/docs/test_pages.py runs its commands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import entrykit
from entrykit.discovery.entry_points import GROUP
from entrykit.errors import SettingsError
from entrykit.quoting.base import QuotingError
from entrykit.variables.secret import Secret

PAGE = (Path(__file__).parents[2] / "docs" / "roles.md").read_text()
IMPORT = re.compile(r"^\s*(?:>>> )?from (entrykit\S*) import (.+)$", re.MULTILINE)


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def python():
    """What the Python of the page defines."""
    names = {}
    for block in blocks("python"):
        exec(compile(block, "roles.md", "exec", dont_inherit=True), names)
    return names


def test_the_variables_of_the_page_are_read_and_refused_as_it_says(python):
    model = python["CacheSettings"]

    settings = model.from_environ({"CACHE_MEMORY": "40%", "CACHE_PASSWORD": "madeupword"})
    assert (settings.cache_memory, settings.cache_policy) == (40, "lru")
    assert settings.secrets() == ["madeupword"]
    with pytest.raises(SettingsError) as error:
        model.from_environ({"CACHE_MEMORY": "half", "CACHE_POLICY": "x"})
    assert f"`{error.value.messages[0]}`" in PAGE
    assert len(error.value.messages) == 2


@pytest.mark.parametrize(
    ("value", "written"),
    [("a", '"a"'), ('"\\', '"\\"\\\\"'), (7, '"7"'), (Secret("made up"), '"made up"')],
)
def test_the_quoting_of_the_page_quotes(python, value, written):
    assert python["cache_conf"](value) == written


def test_the_quoting_of_the_page_refuses(python):
    with pytest.raises(QuotingError):
        python["cache_conf"]("a\nb")


def rows(heading):
    part = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = [line for line in part.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def sources():
    """Return what is written for role authors and by them."""
    root = Path(__file__).parents[2]
    found = [
        *root.glob("examples/**/*.py"),
        *root.glob("entrykit/discovery/skeleton/**/*.py"),
        *root.glob("docs/*.md"),
        *root.glob("examples/**/*.md"),
        root / "README.md",
        root / "CONTRIBUTING.md",
    ]
    return {path.relative_to(root).as_posix(): path.read_text() for path in found}


@pytest.mark.parametrize("name", sources())
def test_nothing_is_imported_but_the_public_names(name):
    public = {"entrykit", "entrykit.api", "entrykit.testing"}
    used = {module for module, _ in IMPORT.findall(sources()[name])}

    assert used <= public


def test_the_entry_point_of_the_page_is_in_the_group():
    (block,) = blocks("toml")
    ((group, points),) = tomllib.loads(block)["project"]["entry-points"].items()

    assert group == GROUP
    assert points == {"my-app": "my_package.my_app:ROLE"}


def test_every_exit_code_of_roles_is_in_the_table():
    codes = {int(row[0]) for row in rows("Troubleshooting")}

    assert codes == {
        kind.exit_code
        for kind in (
            entrykit.UsageError, entrykit.RoleError, entrykit.CommitError, entrykit.SettingsError
        )
    }  # fmt: skip


def test_every_link_to_a_heading_leads_somewhere():
    headings = re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    known = {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}

    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) <= known
