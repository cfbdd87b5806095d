"""Roles, images, variables, the command line and errors: pages have what there is, all of it.

UPDATE_CASES=1 writes their tables in place of comparing them.
"""

from __future__ import annotations

import re
from errno import EADDRINUSE
from importlib import import_module
from pkgutil import walk_packages

import pytest
from image_data.pages import what_each_is, what_each_needs
from pages import DOCS, blocks, compared
from programs import entrykit as run

import entrykit
from entrykit.discovery.finder import load_role, role_names
from entrykit.errors import EntrykitError
from entrykit.explain import reference
from entrykit.roles.certbot.lineages.lock import BusyError
from entrykit.roles.certbot.ordering.preflight import PortError
from entrykit.variables.settings import Settings
from entrykit.verb_table import VERBS

# index.md, templates.md, images.md


def test_every_role_is_listed():
    lines = [f"- [{name}]({name}.md): {load_role(name).summary}\n" for name in role_names()]

    compared("index.md", "roles", "".join(lines))


def test_the_blocks_of_every_role_are_linked_to():
    lines = [f"- [{name}]({name}.md#template-blocks)\n" for name in role_names()]

    compared("templates.md", "block tables", "".join(lines))


def test_every_image_has_its_rows():
    compared("images.md", "images", what_each_is())
    compared("images.md", "rights", what_each_needs())


# variables.md


def shared():
    """Variables of every role, as they mean the same there."""
    return {name.upper() for name in Settings.model_fields if name != "config_dir"}


def readers():
    """Each variable and what it means, to the roles that it means that for."""
    found = {}
    for role in role_names():
        for each in reference.variables(load_role(role).settings):
            found.setdefault((each.name, each.text), []).append(role)
    return found


def test_every_variable_of_every_role_is_on_one_page():
    rows = ["| Variable | Role | Meaning |", "|---|---|---|"]
    for (name, meaning), roles in sorted(readers().items()):
        links = ", ".join(f"[{role}]({role}.md#variables)" for role in roles)
        rows.append(f"| `{name}` | {'all' if name in shared() else links} | {meaning} |")

    everywhere = [roles for (name, _), roles in readers().items() if name in shared()]
    assert everywhere == [role_names()] * len(shared())
    compared("variables.md", "all variables", "\n".join(rows) + "\n")


# cli.md


def test_the_help_of_every_verb_is_shown():
    """Word by word: releases of Python break lines at other places."""
    parts = []
    for words in ([], *([verb] for verb in VERBS)):
        done = run(*words, "--help", environ={"COLUMNS": "80"})
        assert (done.returncode, done.stderr) == (0, "")
        title = " ".join(["entrykit", *words])
        parts.append(f"## {title}\n\n```text\n{done.stdout.rstrip()}\n```\n")

    compared("cli.md", "help", "\n".join(parts), str.split)


# errors.md


def errors(kind=EntrykitError):
    """Every error of entrykit and of its roles, each with those that derive from it."""
    found = [each for each in kind.__subclasses__() if each.__module__.startswith("entrykit.")]
    return [*found, *(deeper for each in found for deeper in errors(each))]


for module in walk_packages(entrykit.__path__, "entrykit."):
    if not module.name.endswith("__main__"):
        import_module(module.name)


def code_of(kind):
    return "126 and 127" if kind is entrykit.HandOverError else str(kind.exit_code)


def sections():
    """Heading to text."""
    parts = re.split(r"^## (.*)\n", (DOCS / "errors.md").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


COMMON = [kind for kind in errors() if kind.__module__ == "entrykit.errors"]


def test_the_tree_of_errors_is_a_table():
    rows = ["| Code | Error | Meaning |", "|---|---|---|"]
    for kind in sorted(COMMON, key=lambda kind: int(code_of(kind).split()[0])):
        heading = f"{code_of(kind)}: {kind.__name__}"
        anchor = heading.lower().replace(":", "").replace(" ", "-")
        meaning = kind.__doc__.partition("\n")[0]
        rows.append(f"| {code_of(kind)} | [{kind.__name__}](#{anchor}) | {meaning} |")

    compared("errors.md", "errors", "\n".join(rows) + "\n")


@pytest.mark.parametrize("kind", COMMON, ids=lambda kind: kind.__name__)
def test_every_error_has_an_example_and_a_cure(kind):
    """The example ends with the error's code, and tests/docs/test_pages.py runs it."""
    text = sections()[f"{code_of(kind)}: {kind.__name__}"]
    shown = [block for block in blocks("errors.md", "console") if block.text in text]
    codes = [int(said) for block in shown for command, said in block.commands if "$?" in command]

    assert all(block.runs for block in shown)
    assert sorted(codes) == [int(code) for code in re.findall(r"\d+", code_of(kind))]
    assert "**Fix.**" in text


def test_every_error_of_a_role_is_told_about():
    own = {kind for kind in errors() if kind not in COMMON}
    text = (DOCS / "errors.md").read_text()

    assert [kind.__name__ for kind in own if kind.__name__ not in text] == []
    for error in PortError(8080, OSError(EADDRINUSE, "")), BusyError("/certbot/.certbot.lock"):
        assert f"\n{error}\n" in text
