"""Each case of our images that is refused, on the command line; none shows a secret.

That the message is the right one is the case's own test.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest

from entrykit.cli.main import main
from entrykit.discovery.finder import load_role

IMAGES = Path(__file__).parents[2] / "images"
CASES = sorted(path.parent for path in IMAGES.glob("*/cases/*/env"))
REFUSED = [case for case in CASES if (case / "error.txt").exists()]


def named(case: Path) -> str:
    return f"{role_name(case)}/{case.name}"


def role_name(case: Path) -> str:
    return case.parents[1].name


def test_every_case_is_collected(pytestconfig):
    """A directory without `expected/` or `error.txt` beside `env` would silently be no test."""
    folders = {path for path in IMAGES.glob("*/cases/*/") if path.name != "__pycache__"}
    tested = {case for case in CASES if (case / "expected").is_dir() or case in REFUSED}

    assert folders == tested
    assert pytestconfig.getini("testpaths") == ["tests", "images", "examples"]
    assert pytestconfig.getini("entrykit_check") is True


@pytest.mark.parametrize("case", REFUSED, ids=named)
def test_a_refused_case_exits_with_78_and_says_why_on_stderr(case, capsys):
    command = ["entrykit", "-qq", "render", role_name(case), "--no-env", "--env-file", "env"]
    with chdir(case):
        code = main(command, {})

    said = capsys.readouterr()
    message = (case / "error.txt").read_text()
    assert code == 78
    assert said.err == "".join(f"entrykit: error: {line}\n" for line in message.splitlines())
    assert said.out == ""


def secrets(case: Path) -> set[str]:
    """The lines of every secret of a case, in variables and in the files that they name."""
    known = dict(assignments(case))
    names = load_role(role_name(case)).settings.secret_variables()
    paths = {known.pop(name) for name in names if name.endswith("_FILE") and name in known}
    texts = [known[name] for name in names if name in known]
    texts += [(case / path).read_text(errors="replace") for path in paths]
    return {line for text in texts for line in text.splitlines() if line}


def assignments(case: Path) -> Iterator[tuple[str, str]]:
    """The variables of `env`, also where entrykit refuses the file."""
    for line in (case / "env").read_text().splitlines():
        name, sign, value = line.partition("=")
        if sign and not line.startswith("#"):
            yield name, value


def test_no_message_shows_a_secret_of_any_case():
    known = set().union(*map(secrets, CASES))
    messages = {named(case): (case / "error.txt").read_text() for case in REFUSED}

    assert known, "no case has a secret: this test says nothing"
    shown = {(name, text) for name, said in messages.items() for text in known if text in said}
    assert shown == set()
