"""What a test that fails shows: what is wrong, and never a secret of its variables."""

from __future__ import annotations

import os

import pytest
from small import small_role, with_daemon
from testing.repository import CASE, ROLE, SITE, Repository

from entrykit.discovery.finder import load_role
from entrykit.testing.daemons import describe_missing

SECRET = "hunter2hunter2"
STATS = f"{SITE}STATS_PORT=8404\nSTATS_PASSWORD={SECRET}\n"
REQUIRED = (*ROLE, "-o", "entrykit_check=true", "--entrykit-require-daemons")
ANY_WAY = pytest.mark.parametrize("words", [(), ("--showlocals", "-vv"), ("--tb=long",)])

# The secret is in no line of the test itself, which pytest shows.
FAILING = f"""\
import pytest
from entrykit.testing import assert_settings_error, render_role

ENVIRON = dict(line.split("=") for line in open("{CASE}/env").read().split())

@pytest.mark.parametrize("more", [
    {{"HTTP_PORT": "x"}}, {{"HAPROXY_EXTRA_GLOBAL": "nonsense"}}, {{"PATH": "/nowhere"}},
    {{"ENTRYKIT_TEMPLATES": "/nowhere"}},
])
def test_render(more):
    render_role("haproxy", {{**ENVIRON, **more}}, check=True)

@pytest.mark.parametrize("more", [{{}}, {{"HTTP_PORT": "x"}}])
def test_refused(more):
    assert_settings_error("haproxy", {{**ENVIRON, **more}}, "DOMAINS")

def test_section():
    render_role("haproxy", ENVIRON)["haproxy.cfg"].section("userlist").directive("absent")

def test_no_such_role():
    assert_settings_error("haproxi", ENVIRON)
"""

FAULTY = """\
from entrykit.testing import golden

def render_case(role):
    return unforeseen(golden.read_environ())

def unforeseen(environ):
    raise KeyError("boom")

def pytest_runtest_setup():
    golden.render_case = render_case
"""


@ANY_WAY
def test_a_daemon_that_is_missing_fails_a_case_in_one_line(repository, words):
    repository.add({f"{CASE}/env": STATS})
    repository.pytest("--entrykit-update", *ROLE)
    (repository.daemons / "haproxy").unlink()

    ran = repository.pytest(*REQUIRED, *words)

    assert ran.counts == {"failed": 1, "passed": 1}
    assert "\nno haproxy in PATH to check the files (" in ran.said
    assert SECRET not in ran.said
    assert ".py" not in ran.said


def test_files_that_cannot_be_written_fail_a_case_in_one_line(repository):
    """Permissions would not do: tests may run as root."""
    repository.add({"tests/cases/odd/expected/haproxy.cfg/x": "", "tests/cases/odd/env": STATS})

    ran = repository.pytest("--entrykit-update", *ROLE)

    assert ran.counts == {"failed": 1, "passed": 1}
    assert "Is a directory: '" in ran.said
    assert ".py" not in ran.said


@pytest.mark.parametrize("words", [(), ("--tb=long",), ("--tb=short", "-vv")])
def test_what_nobody_foresaw_has_a_traceback_without_values(repository, words):
    repository.add({f"{CASE}/env": STATS, "conftest.py": FAULTY})

    ran = repository.pytest(*ROLE, *words)

    assert ran.counts == {"failed": 1}
    assert "in unforeseen" in ran.said
    assert "KeyError: 'boom'" in ran.said
    assert "site-packages" not in ran.said
    assert SECRET not in ran.said


@pytest.mark.parametrize("words", [(), ("--tb=long", "-vv")])
def test_a_test_in_python_fails_where_it_called_us_and_shows_no_secret(repository, words):
    repository.add({f"{CASE}/env": STATS, "tests/test_it.py": FAILING})

    ran = repository.pytest("tests/test_it.py", "--entrykit-require-daemons", *words)

    assert ran.counts == {"failed": 8}
    for said in ("HTTP_PORT: ", "unknown keyword 'nonsense'", "no haproxy in PATH", "has no dir"):
        assert said in ran.said
    assert "entrykit/testing/" not in ran.said
    assert "entrykit/variables/settings.py" not in ran.said
    assert SECRET not in ran.said


@pytest.mark.parametrize("linked", ["expected", "expected/hosts.map"])
def test_nothing_is_written_or_removed_where_a_link_leads(repository, tmp_path, linked):
    """Another directory would lose every file that is not part of the case."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "letter").write_text("mine")
    repository.add({"tests/cases/linked/env": SITE, "tests/cases/linked/expected/x": ""})
    place = repository.folder / "tests/cases/linked" / linked
    if linked == "expected":
        (place / "x").unlink()
        place.rmdir()
    place.symlink_to(precious / "letter" if "/" in linked else precious)

    ran = repository.pytest("--entrykit-update", *ROLE)

    assert ran.counts == {"failed": 1, "passed": 1}
    assert f"{linked} is a symbolic link" in ran.said
    assert (precious / "letter").read_text() == "mine"
    assert os.listdir(precious) == ["letter"]


# Which daemon, and what has it


def test_a_daemon_is_found_by_any_of_its_names(tmp_path):
    """Debian calls the registry docker-registry."""
    repository = Repository(tmp_path, "registry")
    (repository.daemons / "registry").rename(repository.daemons / "docker-registry")
    repository.add({"cases/registry/env": "REGISTRY_LOG_LEVEL=warn\n"})
    repository.pytest("--entrykit-update")

    ran = repository.pytest("-o", "entrykit_check=true", "--entrykit-require-daemons")

    assert ran.counts == {"passed": 2}


@pytest.mark.parametrize(
    ("name", "package"),
    [("cf-serverd", "cfengine3"), ("certbot", "certbot"), ("haproxy", "haproxy"),
     ("nginx-static", "nginx"), ("registry", "docker-registry")],
)  # fmt: skip
def test_the_package_that_is_named_is_debians(name, package):
    role = load_role(name)
    assert f"(Debian package {package}" in describe_missing(role)


def test_any_name_of_a_daemon_where_only_roots_path_leads_is_reported(tmp_path):
    role = with_daemon(small_role(tmp_path), names=("small", "ldconfig"))  # in /sbin everywhere
    assert describe_missing(role).endswith("installed as /usr/sbin/ldconfig)")
