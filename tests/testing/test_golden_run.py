"""Golden cases: whose they are, the real daemon, and the company of other plugins."""

from __future__ import annotations

import pytest
from testing.repository import CASE, ROLE, SITE, Repository

# Which role


@pytest.mark.parametrize("folder", ["haproxy/prod", "nginx-static/haproxy/prod", "a/haproxy"])
def test_a_folder_may_be_called_like_the_role(tmp_path, folder):
    """The nearest one counts."""
    repository = Repository(tmp_path).add({f"{folder}/env": SITE})

    assert repository.pytest("--entrykit-update").counts == {"updated": 1}
    assert f"{folder}/expected/haproxy.cfg" in repository.texts()


def test_what_is_configured_goes_before_the_name_of_a_folder(tmp_path):
    repository = Repository(tmp_path).add({"cases/haproxy/env": SITE})

    repository.pytest("--entrykit-update", "-o", "entrykit_role=nginx-static", "-W", "ignore")

    assert "cases/haproxy/expected/nginx.conf" in repository.texts()


def test_a_folder_above_the_repository_means_nothing(tmp_path):
    (tmp_path / "haproxy").mkdir()
    repository = Repository(tmp_path / "haproxy").add({"cases/prod/env": SITE})

    ran = repository.pytest("--entrykit-update", "--rootdir", ".")

    assert ran.counts == {"failed": 1}
    assert "role unknown: set entrykit_role in pytest's configuration" in ran.said
    assert [*repository.texts()] == ["cases/prod/env"]


def test_a_role_that_is_not_there_is_named(repository):
    ran = repository.pytest("-o", "entrykit_role=haproxi")

    assert "unknown role 'haproxi'; did you mean 'haproxy'?" in ran.said


# The real daemon

CHECKED = (*ROLE, "-o", "entrykit_check=true")


def test_the_daemon_checks_each_case_that_is_rendered(repository):
    repository.add({"tests/cases/bad/env": "DOMAINS=web:\n"})
    repository.pytest("--entrykit-update", *ROLE)

    assert repository.pytest(*CHECKED).counts == {"passed": 3}


def test_a_case_that_the_daemon_refuses_fails_with_its_words(repository):
    repository.add({f"{CASE}/env": f"{SITE}HAPROXY_EXTRA_GLOBAL=nonsense\n"})
    assert repository.pytest("--entrykit-update", *CHECKED).counts == {"updated": 1}

    ran = repository.pytest(*CHECKED)

    assert ran.counts == {"failed": 1, "passed": 1}
    assert "unknown keyword 'nonsense'" in ran.said
    assert ".py" not in ran.said


PYTHON = """\
from entrykit.testing import render_role

def test_it():
    render_role("haproxy", DOMAINS="web:example.com", check=True)
"""


@pytest.mark.parametrize("shared", [(), ("-n", "1")])
@pytest.mark.parametrize(
    ("words", "code", "outcome"),
    [((), 0, "skipped"), (("--entrykit-require-daemons",), 1, "failed")],
)
def test_without_the_daemon_a_test_says_what_has_it(repository, words, code, outcome, shared):
    """It is skipped; where daemons are required it fails."""
    (repository.daemons / "haproxy").unlink()
    repository.add({"tests/test_it.py": PYTHON})
    run = repository.program if shared else repository.pytest

    ran = run(*CHECKED, "-rs", *words, *shared)

    assert ran.code == code
    assert ran.counts == {"passed": 1, outcome: 2}
    assert "no haproxy in PATH to check the files (Debian package haproxy" in ran.said


# With other plugins, and nothing left behind


def test_cases_are_shared_out_among_processes(repository):
    words = ("-n", "2")
    repository.add({f"tests/cases/{number}/env": SITE for number in range(6)})

    assert repository.program("--entrykit-update", *ROLE, *words).counts == {
        "updated": 6,
        "passed": 1,
    }
    assert repository.program(*CHECKED, *words).counts == {"passed": 14}


@pytest.mark.parametrize(
    "words",
    [
        ("--strict-markers", "--strict-config", "-W", "error"),
        ("--import-mode=importlib", "--showlocals", "-vv"),
        ("-p", "no:terminalreporter"),
        ("--doctest-modules",),
        ("-p", "no:xdist", "-p", "no:cov"),
    ],
)
def test_any_way_to_run_pytest_will_do(repository, words):
    assert repository.program(*CHECKED, *words).code == 0


def test_a_warning_of_a_start_is_one_of_pytest(repository):
    repository.add({f"{CASE}/env": f"{SITE}HTTP_PROT=81\n"})

    warned = repository.pytest(*ROLE)
    failed = repository.pytest(*ROLE, "-W", "error")

    message = "HTTP_PROT: no such variable; did you mean HTTP_PORT?"
    assert warned.counts == {"passed": 1, "warning": 1}
    assert message in warned.said
    assert failed.counts == {"failed": 1}
    assert message in failed.said
    assert ".py" not in failed.said


def test_nothing_is_left_behind(repository):
    """Neither in the repository nor where temporary files are; also where tests fail."""
    repository.add({"tests/test_it.py": PYTHON, f"{CASE}/env": f"{SITE}HTTP_PORT=81\n"})
    before = repository.texts()

    assert repository.pytest(*CHECKED).counts == {"failed": 1, "passed": 2}

    assert repository.texts() == before
    assert [*repository.scratch.iterdir()] == []
