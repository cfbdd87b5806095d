"""What README.md and docs/ say is so."""

from __future__ import annotations

import os
import re
import shlex
from contextlib import chdir
from pathlib import Path

import pytest

import entrykit
from entrykit.cli.main import main
from entrykit.discovery.finder import load_role, role_names
from entrykit.explain.reference import describe
from entrykit.variables.env_files import overlay
from entrykit.verb_table import VERBS

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
TABLE = re.compile(r"(<!-- variables: begin -->\n).*?(<!-- variables: end -->\n)", re.DOTALL)
UPDATE = os.environ.get("UPDATE_CASES") == "1"


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """The commands in README's console blocks that need nothing but entrykit."""
    lines = "".join(blocks(README, "console")).replace("\\\n", " ").splitlines()
    return [line[2:] for line in lines if re.match(rf"\$ entrykit ({'|'.join(VERBS)})\b", line)]


@pytest.mark.parametrize("role", role_names())
def test_the_table_of_variables_is_what_entrykit_env_says(role):
    page = ROOT / "docs" / f"{role}.md"
    written = page.read_text()
    table = describe(load_role(role), "markdown")
    current = TABLE.sub(lambda marks: f"{marks[1]}{table}{marks[2]}", written)
    if UPDATE:
        page.write_text(current)
        written = current

    assert table in current
    assert written == current


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_written_about(verb):
    assert any(f"entrykit {verb}" in page.read_text() for page in PAGES)


@pytest.fixture
def prod_env(tmp_path):
    """The file of that name that README shows."""
    (shown,) = (block for block in blocks(README, "dotenv") if block.startswith("# prod.env\n"))
    path = tmp_path / "prod.env"
    path.write_text(shown)
    return path


@pytest.mark.parametrize("command", commands())
def test_the_commands_of_readme_work(command, prod_env):
    """As they are, in a folder with nothing but prod.env."""
    argv = shlex.split(command)
    with chdir(prod_env.parent):
        code = main(argv, {"PATH": f"{os.environ['PATH']}:/usr/sbin"})

    assert code in ({0, 1} if argv[1] == "diff" else {0})


def test_readme_shows_commands_for_every_verb():
    assert {command.split()[1] for command in commands()} == VERBS.keys()


@pytest.mark.parametrize("block", blocks(README, "python"))
def test_the_python_of_readme_runs(block):
    exec(compile(block, str(README), "exec"), {})


ENVIRONMENTS = [
    pytest.param(page, block, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(blocks(page, "dotenv"))
]


@pytest.mark.parametrize(("page", "block"), ENVIRONMENTS)
def test_every_environment_in_the_pages_is_accepted_without_a_warning(page, block, tmp_path):
    (tmp_path / "env").write_text(block)
    warnings: list[str] = []

    environ = overlay({"DOMAINS": "web:example.com"}, [str(tmp_path / "env")], [])
    role = page.stem if page.stem in role_names() else "haproxy"
    load_role(role).settings.from_environ(environ, warnings.append)

    assert warnings == []


@pytest.mark.parametrize(
    ("role", "variable"), [("haproxy", "LOG_FORMAT"), ("nginx-static", "NGINX_LOGS")]
)
def test_every_field_of_the_json_log_is_explained(role, variable):
    files = entrykit.render(role, {"DOMAINS": "web:example.com", variable: "json"})
    fields = set(re.findall(r'"(\w+)":', files[load_role(role).files.main].text))
    page = (ROOT / "docs" / f"{role}.md").read_text()

    assert fields
    assert {field for field in fields if f"`{field}`" not in page} == set()


@pytest.mark.parametrize(
    "page",
    [README, *(ROOT / "docs" / f"{role}.md" for role in role_names())],
    ids=lambda page: page.name,
)
def test_every_exit_code_is_explained(page):
    known = entrykit.EntrykitError.__subclasses__()
    kinds = [kind for kind in known if kind.__module__ == "entrykit.errors"]  # no role's own
    codes = {kind.exit_code for kind in kinds if kind is not entrykit.HandOverError} | {126, 127}
    explained = {int(code) for code in re.findall(r"\b\d{2,3}\b", page.read_text())}

    assert codes <= explained
