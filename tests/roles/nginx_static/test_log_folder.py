"""LOG_DIR: whom it and the files in it belong to, and what is told of that."""

from __future__ import annotations

import os

import pytest
from haproxy.polling import eventually

from entrykit.roles.nginx_static.worker_account import find_worker

FILES = {"a.test/index.html": "a"}


@pytest.fixture
def made(web):
    """A server that does not run yet, with a folder for logs that is root's."""
    served = web.made(FILES, DOMAINS="a.test", NGINX_LOGS="per-domain")
    served.logs.mkdir(mode=0o755)
    return served


def owner(path):
    return os.stat(path).st_uid


def test_a_folder_of_roots_is_given_to_the_workers_and_that_is_told(made):
    """Also with what the official image and a rotation have put there."""
    (made.logs / "access.log").symlink_to("/dev/stdout")
    (made.logs / "a.test.log.2.gz").touch()
    made.start()

    user = find_worker().user
    assert owner(made.logs) == find_worker().uid
    assert f"LOG_DIR: {made.logs} now belongs to {user}, the user of nginx's workers" in made.said
    assert owner(made.logs / "a.test.log.2.gz") == 0


@pytest.mark.parametrize("other", ["wtmp", "apt/"])
def test_a_folder_with_other_things_is_not_given_away(made, other):
    """/var/log, say."""
    (made.logs / other).mkdir() if other.endswith("/") else (made.logs / other).touch()
    made.launch()

    assert made.ended() == 73
    assert f'"{other.rstrip("/")}" in it is not a log: its owner is not changed' in made.said
    assert "TIP: set LOG_DIR to a directory for logs only" in made.said
    assert owner(made.logs) == 0


def test_what_the_workers_can_write_to_is_left_as_it_is(made):
    (made.logs / "other").touch()
    made.logs.chmod(0o1777)
    made.start()

    assert owner(made.logs) == 0
    assert "now belongs" not in made.said
    made.get("a.test")
    eventually((made.logs / "a.test.log").read_text)


def test_a_log_of_roots_is_given_to_the_workers(made):
    """A rotation may have made it."""
    (made.logs / "a.test.log").write_text("before\n")
    made.start()
    made.get("a.test", "/after")

    eventually(lambda: "/after" in (made.logs / "a.test.log").read_text())
    assert f"LOG_DIR: {made.logs}/a.test.log now belongs to {find_worker().user}" in made.said


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_what_a_link_leads_to_is_not(made, link):
    """Whoever can write to the folder could have anything given to them."""
    precious = made.folder / "precious"
    precious.touch(0o644)
    getattr(made.logs / "a.test.log", link)(precious)
    made.start()

    assert owner(precious) == 0
    unwritable = f"LOG_DIR: {made.logs}/a.test.log: nginx's workers cannot write to it"
    assert f"warning: {unwritable}, and its lines are lost" in made.said


def test_a_file_in_its_place_is_told_by_its_variable(made):
    made.environ["LOG_DIR"] = str(made.www / "a.test" / "index.html")
    made.launch()

    assert made.ended() == 73
    assert "TIP: set LOG_DIR to a directory that nginx's workers can write to" in made.said


def test_no_folder_of_sites_is_told_to_cost_lines(made):
    made.environ["WWW_ROOT"] = "/nowhere"
    made.start()

    assert "every request will get 404, most of them without a line in a log" in made.said
