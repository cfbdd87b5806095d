"""Golden cases in a user's repository, each with its own pytest run."""

from __future__ import annotations

import pytest
from testing.repository import CASE, ROLE, SITE

PASSWORD = "STATS_PORT=8405\nSTATS_PASSWORD=correct-horse\n"


def test_a_folder_with_nothing_but_env_is_written_and_then_compared(repository):
    assert [*repository.texts()] == [
        f"{CASE}/{name}"
        for name in ("env", "expected/haproxy.cfg", "expected/hosts.map", "expected/sni.map")
    ]
    assert repository.pytest(*ROLE).counts == {"passed": 1}


def test_variables_that_are_refused_are_written_as_their_message(repository):
    """And the other way round; nothing is left of what was expected before."""
    repository.add({f"{CASE}/env": "DOMAINS=web:\n"})

    assert repository.pytest("--entrykit-update", *ROLE).counts == {"updated": 1}

    assert [*repository.texts()] == [f"{CASE}/env", f"{CASE}/error.txt"]
    assert repository.texts()[f"{CASE}/error.txt"].startswith('DOMAINS: entry 1 "web:": no domain')
    assert not (repository.folder / CASE / "expected").exists()
    assert repository.pytest(*ROLE).counts == {"passed": 1}
    repository.add({f"{CASE}/env": SITE})
    repository.pytest("--entrykit-update", *ROLE)
    assert f"{CASE}/error.txt" not in repository.texts()


def test_what_is_right_already_is_not_touched(repository):
    files = list((repository.folder / CASE / "expected").iterdir())
    before = [path.stat().st_mtime_ns for path in files]

    assert repository.pytest("--entrykit-update", *ROLE).counts == {"passed": 1}
    assert [path.stat().st_mtime_ns for path in files] == before


def test_without_update_nothing_is_ever_written(repository):
    repository.add({f"{CASE}/env": f"{SITE}HTTP_PORT=81\n", "tests/cases/new/env": SITE})
    before = repository.texts()

    assert repository.pytest(*ROLE).counts == {"failed": 1}
    assert repository.texts() == before


def test_a_failure_shows_the_diff_of_each_file_and_no_traceback(repository):
    repository.add({f"{CASE}/env": "DOMAINS=web:example.org\nTIMEOUT_SERVER=5m\n"})

    ran = repository.pytest(*ROLE)

    assert ran.code == 1
    assert "--- haproxy.cfg (expected)\n+++ haproxy.cfg (rendered)\n@@ -" in ran.said
    assert "\n-    timeout server 1m\n+    timeout server 5m\n" in ran.said
    assert "\n-example.com web:80\n+example.org web:80\n" in ran.said
    assert "sni.map" not in ran.said
    assert "Traceback" not in ran.said
    assert ".py" not in ran.said
    assert f"pytest --entrykit-update {CASE}/env writes the new result" in ran.said


@pytest.mark.parametrize("more", ["HTTP_PORT=81\n", ""])
def test_no_secret_is_in_a_diff(repository, more):
    """Neither the new one nor the one that was expected."""
    repository.add({f"{CASE}/env": SITE + PASSWORD})
    repository.pytest("--entrykit-update", *ROLE)
    assert "correct-horse" in repository.texts()[f"{CASE}/expected/haproxy.cfg"]
    changed = (SITE + PASSWORD).replace("correct-horse", "battery-staple")
    repository.add({f"{CASE}/env": changed + more})

    ran = repository.pytest(*ROLE, "--showlocals", "-vv")

    assert ran.counts == {"failed": 1}
    assert "correct-horse" not in ran.said
    assert "battery-staple" not in ran.said
    assert ("bind 0.0.0.0:81" if more else "a secret differs") in ran.said


def test_no_secret_is_in_the_diff_of_a_message(repository):
    repository.add({
        f"{CASE}/env": f"{PASSWORD}DOMAINS=web:\n",
        f"{CASE}/error.txt": "somebody wrote correct-horse here\n",
    })  # fmt: skip
    for path in (repository.folder / CASE / "expected").iterdir():
        path.unlink()

    ran = repository.pytest(*ROLE)

    assert "-somebody wrote *** here" in ran.said
    assert "correct-horse" not in ran.said


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"env": "DOMAINS=web:\n"}, 'the variables are rejected:\nDOMAINS: entry 1 "web:": no dom'),
        ({"error.txt": "x\n"}, "the variables are accepted, but error.txt exists"),
        ({"expected/more.map": ""}, "expected/more.map exists, but is not rendered"),
        ({"expected/a/b": ""}, "expected/a/b exists, but is not rendered"),
        ({"env": "=x\n"}, 'env:1: "" is not a name (expected NAME=value)'),
    ],
)
def test_another_outcome_is_reported_in_words(repository, files, said):
    repository.add({f"{CASE}/{name}": text for name, text in files.items()})

    ran = repository.pytest(*ROLE)

    assert ran.counts == {"failed": 1}
    assert said in ran.said


def test_a_file_that_is_not_there_fails_the_case(repository):
    (repository.folder / CASE / "expected/sni.map").unlink()

    ran = repository.pytest(*ROLE)

    assert ran.counts == {"failed": 1}
    assert "expected/sni.map is rendered, but does not exist" in ran.said


def test_octets_are_compared_and_not_texts(repository):
    path = repository.folder / CASE / "expected/hosts.map"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert repository.pytest(*ROLE).counts == {"failed": 1}


def test_a_file_beside_env_can_be_named(repository):
    repository.add({f"{CASE}/env": "DOMAINS_FILE=domains.txt\n", f"{CASE}/domains.txt": SITE[8:]})

    assert repository.pytest(*ROLE).counts == {"passed": 1}


def test_the_environment_of_pytest_is_not_looked_at(repository):
    repository.add({f"{CASE}/env": f"{SITE}HTTP_PORT\n"})

    assert repository.pytest(*ROLE, HTTP_PORT="81", HTTPS_PORT="x").counts == {"passed": 1}


@pytest.mark.parametrize("words", [(CASE,), (f"{CASE}/env",), ("-k", "prod"), (".",)])
def test_a_case_is_selected_as_any_test(repository, words):
    repository.add({"tests/cases/other/env": SITE, "tests/cases/other/error.txt": "x"})

    ran = repository.pytest(*ROLE, *words)

    failed = {"failed": 1} if words == (".",) else {}
    left_out = {"deselected": 1} if "-k" in words else {}
    assert ran.counts == {**failed, "passed": 1, **left_out}


def test_no_test_is_looked_for_in_what_is_expected(repository):
    """A role may render a file that is called like a test, or `env`."""
    repository.add({
        f"{CASE}/expected/test_x.py": "raise SystemExit",
        f"{CASE}/expected/env": "x",
    })  # fmt: skip

    assert repository.pytest("--collect-only", "-q", *ROLE).said.splitlines()[:1] == [
        f"{CASE}/env::golden"
    ]
    assert repository.pytest("--entrykit-update", *ROLE).counts == {"updated": 1}
    assert len(repository.texts()) == 4
