"""Each folder images/<role>/cases/<case> is a test: `env` in, `expected/` or `error.txt` out.

UPDATE_CASES=1 writes what comes out in place of comparing it: read the diff before you commit.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest
from programs import under_test

import entrykit
from entrykit.cli import main
from entrykit.environ import overlay
from entrykit.role import load_role

IMAGES = Path(__file__).parents[1] / "images"
CASES = sorted(IMAGES.glob("*/cases/*/"))
REFUSED = [case for case in CASES if (case / "error.txt").exists()]
RENDERED = [case for case in CASES if case not in REFUSED]
UPDATE = os.environ.get("UPDATE_CASES") == "1"


def named(case: Path) -> str:
    return f"{role_name(case)}/{case.name}"


def role_name(case: Path) -> str:
    return case.parents[1].name


def outcome(case: Path) -> dict[str, bytes]:
    """What the case gives: the bytes of each file that it is to hold beside `env`."""
    with chdir(case):  # an X_FILE may lie beside `env`
        try:
            files = entrykit.render(role_name(case), overlay({}, ["env"], []))
        except entrykit.SettingsError as error:
            return {"error.txt": f"{error}\n".encode()}
    return {f"expected/{file.path}": file.octets for file in files.values()}


def golden(case: Path) -> dict[str, bytes]:
    found = [*case.glob("error.txt"), *case.glob("expected/**/*")]
    return {str(path.relative_to(case)): path.read_bytes() for path in found if path.is_file()}


def update(case: Path) -> None:
    for name in golden(case):
        (case / name).unlink()
    for name, data in outcome(case).items():
        (case / name).parent.mkdir(parents=True, exist_ok=True)
        (case / name).write_bytes(data)


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_case_gives_what_its_folder_says(case):
    """The same files, byte for byte and no others; or the same message."""
    if UPDATE:
        update(case)

    assert outcome(case) == golden(case)


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


@pytest.fixture(scope="session")
def daemons(tmp_path_factory):
    """A folder for PATH with each role's daemon under test."""
    folder = tmp_path_factory.mktemp("daemons")
    for daemon in {load_role(role_name(case)).daemon for case in CASES}:
        (folder / daemon).symlink_to(under_test(daemon))
    return folder


@pytest.mark.versions
@pytest.mark.parametrize("case", RENDERED, ids=named)
def test_the_daemon_accepts_a_case_if_it_has_what_the_case_needs(case, daemons, capsys):
    """And refuses it otherwise: with 65, or with 78 where entrykit knows the version better."""
    command = ["entrykit", "check", role_name(case), "--no-env", "--env-file", "env"]
    with chdir(case):
        code = main(command, {"PATH": str(daemons)})

    needed = needs(case)
    accepted = not needed or needed <= features(daemons / load_role(role_name(case)).daemon)
    assert code in ({0} if accepted else {65, 78}), capsys.readouterr().err


def needs(case: Path) -> set[str]:
    """The words of the file `needs`: what `features` finds in this daemon or does not."""
    path = case / "needs"
    return set(path.read_text().split()) if path.exists() else set()


def features(daemon: Path) -> set[str]:
    """What this build has: features as `haproxy -vv` lists them, options as certbot does."""
    if daemon.name == "certbot":
        said = subprocess.run([daemon, "--help", "all"], capture_output=True, text=True, check=True)
        return {word for word in said.stdout.split() if word.startswith("--")}
    if daemon.name == "registry":
        said = subprocess.run([daemon, "--version"], capture_output=True, text=True, check=True)
        return {"3", "azure"} if "/v3" in said.stdout else {"2.8"}  # Debian's 2.8 is without
    said = subprocess.run([daemon, "-vv"], capture_output=True, text=True, check=True).stdout
    return {word.removeprefix("+") for word in said.split() if word.startswith("+")}


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
