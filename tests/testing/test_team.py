"""docs/testing.md: the repository that it shows is made, and everything in it is run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from testing.repository import BIN, Repository

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/testing.md").read_text()
HOOKS = ROOT / ".pre-commit-hooks.yaml"
# A block, and the last file that is named before it.
BLOCK = re.compile(r"`([^`\n]+)`[^`]*?:\n\n```[a-z]+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = {
    "pytest.ini", "tests/cases/prod/env", "tests/cases/no-domain/env", "tests/test_edge.py",
    ".github/workflows/test.yml", ".pre-commit-config.yaml",
}  # fmt: skip


def shown():
    """The files that the page shows, by their paths."""
    found = {path: text for path, text in BLOCK.findall(PAGE) if path in NAMED}
    (ini,) = re.findall(r"^```ini\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return {"pytest.ini": ini, **found}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """All files of the repository, its cases written."""
    made = Repository(tmp_path_factory.mktemp("team")).add(shown())
    ran = made.pytest("--entrykit-update", "tests/cases")
    assert ran.counts == {"updated": 2}, ran.said
    return made.texts()


@pytest.fixture
def team(tmp_path, files):
    """The repository, committed."""
    made = Repository(tmp_path, "haproxy", "nginx").add(files)
    commit(made)
    return made


def commit(repository):
    name = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    for words in (("init", "-q"), ("add", "-A"), (*name, "commit", "-q", "--no-verify", "-m", "x")):
        done = repository.run("git", *words)
        assert done.returncode == 0, done.stderr


def test_the_page_shows_every_file_of_the_repository(files):
    assert shown().keys() == NAMED
    listed = re.findall(r"^    (\S+)(?:  .*)?$", PAGE.partition("A team's repository\n")[2]
                        .partition("The package")[0], re.MULTILINE)  # fmt: skip
    for path in listed:
        assert any(known.startswith(path) for known in files), path


def workflow():
    return yaml.safe_load(shown()[".github/workflows/test.yml"])


def test_the_workflow_is_one_by_the_schema_of_workflows(team):
    command = (BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows")

    done = team.run(*command, ".github/workflows/test.yml")

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_commands_of_the_workflow_pass(team):
    """Those that install something are read; here everything is installed."""
    commands = [step["run"] for step in workflow()["jobs"]["cases"]["steps"] if "run" in step]
    apt, pip, *rest = commands

    assert apt.startswith("sudo apt-get ")
    assert f"\n    {pip}\n" in PAGE
    assert len(rest) == 1
    done = team.run("sh", "-c", f"{rest[0]} -p no:cacheprovider")
    assert done.returncode == 0, done.stdout
    assert "9 passed" in done.stdout


def hook(team, *, staged=True):
    """Run pre-commit's hooks as a commit does: on what is staged."""
    if staged:
        assert team.run("git", "add", "-A").returncode == 0
    return team.run(
        BIN / "pre-commit", "run", "--verbose", PRE_COMMIT_HOME=str(team.scratch / "home")
    )


def test_the_hook_lets_a_good_change_pass(team):
    with (team.folder / "tests/cases/prod/env").open("a") as env:
        env.write("HSTS_MAX_AGE=63072000\n")

    done = hook(team)

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"entrykit check\.+Passed", done.stdout)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("HTTP_PORT=x", "entrykit: error: HTTP_PORT: "),
        ("HAPROXY_EXTRA_GLOBAL=nonsense", "unknown keyword 'nonsense'"),
    ],
)
def test_the_hook_stops_a_bad_change_and_says_why(team, line, said):
    with (team.folder / "tests/cases/prod/env").open("a") as env:
        env.write(f"{line}\n")

    done = hook(team)

    assert done.returncode == 1
    assert said in done.stdout


def test_the_hook_has_no_say_in_other_changes(team):
    team.add({"README.md": "x"})

    assert re.search(r"entrykit check\.+\(no files to check\)Skipped", hook(team).stdout)


def test_our_hooks_are_a_manifest_of_pre_commit(team):
    done = team.run(BIN / "pre-commit", "validate-manifest", HOOKS)

    assert done.returncode == 0, done.stdout


def test_our_hooks_work_from_our_repository(team, tmp_path):
    """As the page shows them, but for the language: installing needs a network."""
    (tmp_path / "ours").mkdir()
    manifest = HOOKS.read_text().replace("language: python", "language: system")
    ours = Repository(tmp_path / "ours").add({".pre-commit-hooks.yaml": manifest})
    commit(ours)
    head = ours.run("git", "rev-parse", "HEAD").stdout.strip()
    (hooks,) = re.findall(r"^```text\n( +hooks:\n.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    config = f"repos:\n  - repo: {ours.folder}\n    rev: {head}\n{hooks}"
    team.add({".pre-commit-config.yaml": config, "tests/cases/prod/env": "DOMAINS=a:a.test\n"})

    made = hook(team)
    again = hook(team)
    team.add({"tests/cases/prod/env": "DOMAINS=a:b.test\n"})
    changed = hook(team)

    assert made.returncode == 0, made.stdout + made.stderr
    assert again.returncode == 0, again.stdout
    assert changed.returncode == 1
    assert "files were modified by this hook" in changed.stdout
    assert "b.test a:80" in (team.folder / "rendered/hosts.map").read_text()
