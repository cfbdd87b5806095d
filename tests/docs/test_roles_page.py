"""What docs/roles.md says to import is there; tests/docs/test_pages.py runs its commands."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import entrykit
from entrykit import role as roles
from entrykit.discovery.entry_points import GROUP
from entrykit.errors import SettingsError
from entrykit.quoting.base import QuotingError
from entrykit.variables.secret import Secret

PAGE = (Path(__file__).parents[2] / "docs" / "roles.md").read_text()
IMPORT = re.compile(r"^from (entrykit\S*) import (.+)$", re.MULTILINE)


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

    settings = model.from_environ({"CACHE_MEMORY": "40%", "CACHE_PASSWORD": "made-up"})
    assert (settings.cache_memory, settings.cache_policy) == (40, "lru")
    assert settings.secrets() == ["made-up"]
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


@pytest.mark.parametrize(("module", "names"), rows("What you import"))
def test_every_name_that_stays_is_there(module, names):
    found = import_module(module.strip("`"))
    named = re.findall(r"`(\w+)`", names)

    assert named
    assert [name for name in named if not hasattr(found, name)] == []


def test_the_example_and_the_skeleton_import_no_other_names():
    """What they need is what everybody may."""
    known = {
        (module.strip("`"), name)
        for module, names in rows("What you import")
        for name in re.findall(r"`(\w+)`", names)
    }
    root = Path(__file__).parents[2]
    files = [*root.glob("examples/*/*.py"), *root.glob("entrykit/discovery/skeleton/*/*.py")]
    used = set()
    for path in files:
        for module, names in re.findall(
            r"^from (entrykit\S*) import (.+)$", path.read_text(), re.MULTILINE
        ):
            used |= {
                (f"entrykit.{name}", "") if module == "entrykit" else (module, name)
                for name in names.split(", ")
            }

    modules = {(module, "") for module, _ in known}
    assert len(files) > 4
    assert used - known - modules == set()


def test_every_keyword_that_a_role_needs_is_in_the_table():
    from dataclasses import MISSING, fields

    needed = {
        field.name
        for field in fields(roles.Role)
        if field.default is MISSING and field.default_factory is MISSING
    }
    told = {name for row in rows("What role.py says") for name in re.findall(r"`(\w+)`", row[0])}

    assert told == needed


def test_the_entry_point_of_the_page_is_in_the_group():
    (block,) = blocks("toml")
    ((group, points),) = tomllib.loads(block)["project"]["entry-points"].items()

    assert group == GROUP
    assert points == {"my-app": "my_package.my_app:ROLE"}


def test_every_exit_code_of_roles_is_in_the_table():
    codes = {int(row[0]) for row in rows("What goes wrong")}

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
