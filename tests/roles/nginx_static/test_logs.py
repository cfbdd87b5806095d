"""The access log: on stdout or a file for each domain, and no line that a client could break."""

from __future__ import annotations

import json
import os
import re
from datetime import datetime
from stat import filemode

import pytest
from haproxy.polling import eventually

pytestmark = pytest.mark.versions

FILES = {"one.test/index.html": "one", "two.test/index.html": "two"}
DOMAINS = "one.test,two.test,gone.test"
LINE = re.compile(
    r'127\.0\.0\.1 - - \[[^\]]+\] "(?P<request>(?:[^"\\]|\\x..)*)" (?P<status>\d{3}) \d+ '
    r'"(?P<referer>(?:[^"\\]|\\x..)*)" "(?P<agent>(?:[^"\\]|\\x..)*)"'
)
LONGEST = 4096  # PIPE_BUF: a longer line may be torn by another worker's

HOSTILE = [
    b'"',
    b"\\",
    b'","status":599,"x":"',
    b"$remote_addr${host}",
    b"\t\x01\x1b[31m\x7f",
    b"\x80\xff\xc3\x28\xed\xa0\x80\xf4\x90\x80\x80",
    b"\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xa9",
    b"x" * 6000,
    b'"' * 6000,
    b"\xc3\xa9" * 3000,
    b"\x01" * 6000,
    b"\xff" * 6000,
    b"",
]


@pytest.fixture(scope="module")
def combined(shared_web):
    return shared_web(FILES, DOMAINS=DOMAINS)


@pytest.fixture(scope="module")
def as_json(shared_web):
    return shared_web(FILES, DOMAINS=DOMAINS, NGINX_LOGS="json")


def lines_after(web, ask):
    """Return what is logged for the requests that `ask` makes; it returns how many."""
    before = len(web.access_log)
    number = ask()
    eventually(lambda: len(web.access_log) >= before + number)
    return web.access_log[before:]


def requests(web, text):
    """Send a text in every place that is logged."""

    def ask():
        for name in (b"User-Agent", b"Referer", b"Host"):
            host = None if name == b"Host" else "one.test"
            web.get(host, headers=[(name, text)])
        web.get("one.test", b"/" + text)
        web.get("one.test", method=b"GET" + text)
        return 5

    return ask


def test_combined_is_the_default(combined):
    headers = [("User-Agent", "tests/1"), ("Referer", "https://from.test/")]
    (line,) = lines_after(combined, lambda: combined.get("one.test", "/?x", headers=headers) and 1)

    found = LINE.fullmatch(line.decode())
    assert found.groups() == ("GET /?x HTTP/1.1", "200", "https://from.test/", "tests/1")


def test_what_is_absent_is_a_dash(combined):
    (line,) = lines_after(combined, lambda: combined.get("one.test") and 1)

    assert line.endswith(b' "-" "-"')


@pytest.mark.parametrize("text", HOSTILE)
def test_no_request_breaks_a_line(combined, text):
    for line in lines_after(combined, requests(combined, text)):
        assert LINE.fullmatch(line.decode("ascii"))
        assert len(line) < LONGEST


def test_a_request_as_json(as_json):
    headers = [("User-Agent", "tests/é"), ("Referer", "https://from.test/")]
    headers = [(name, value.encode()) for name, value in headers]
    (line,) = lines_after(as_json, lambda: as_json.get("ONE.test.", "/?x=é", headers=headers) and 1)

    found = json.loads(line)
    expected = {
        "client": "127.0.0.1",
        "host": "one.test",
        "site": "one.test",
        "method": "GET",
        "uri": "/?x=é",
        "protocol": "HTTP/1.1",
        "status": 200,
        "user_agent": "tests/é",
        "referer": "https://from.test/",
    }
    assert {name: found[name] for name in expected} == expected
    assert datetime.fromisoformat(found["time"]).tzinfo
    assert {type(found[name]) for name in ("bytes_in", "bytes_out", "duration")} == {int}


def test_another_host_has_no_site(as_json):
    (line,) = lines_after(as_json, lambda: as_json.get("evil.test") and 1)

    found = json.loads(line)
    assert (found["host"], found["site"], found["status"]) == ("evil.test", "", 421)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_request_breaks_json(as_json, text):
    """Each line is an object, in UTF-8."""
    for line in lines_after(as_json, requests(as_json, text)):
        assert type(json.loads(line.decode())["status"]) is int
        assert len(line) < LONGEST


def test_what_is_no_request_breaks_no_json(as_json):
    def ask():
        for data in (
            b"\0\1\2\r\n\r\n",
            b"GET\r\n\r\n",
            b'{"a":"\xff\r\n\r\n',
            b"GET / HTTP/9.9\r\n\r\n",
        ):
            with as_json.connect("HTTP") as connection:
                connection.sendall(data)
                connection.recv(4096)
        return 4

    assert all(json.loads(line.decode()) for line in lines_after(as_json, ask))


def test_a_slow_request_has_its_milliseconds(as_json):
    """A number that JSON has: no zeros in front, no point."""

    def ask():
        with as_json.connect("HTTP") as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: one.test\r\n")
            eventually(lambda: True, 1)
            connection.settimeout(0.06)
            with pytest.raises(TimeoutError):
                connection.recv(1)
            connection.sendall(b"\r\n")
            connection.settimeout(10)
            connection.recv(4096)
        return 1

    (line,) = lines_after(as_json, ask)
    assert 50 <= json.loads(line)["duration"] < 10_000


def test_health_is_not_logged(combined):
    assert combined.health().status == 200
    lines = lines_after(combined, lambda: combined.get("one.test", "/after") and 1)

    assert b"/after" in lines[-1]
    assert b"healthz" not in b"".join(combined.access_log)


@pytest.fixture(scope="module")
def per_domain(shared_web):
    return shared_web(FILES, DOMAINS=f"{DOMAINS},*.wild.test", NGINX_LOGS="per-domain")


def log_of(web, name):
    return (web.logs / name).read_text() if (web.logs / name).exists() else ""


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("one.test", "one.test.log"),
        ("ONE.test.", "one.test.log"),
        ("www.two.test", "two.test.log"),
        ("gone.test", "gone.test.log"),
        ("a.wild.test", "*.wild.test.log"),
        ("evil.test", "_.log"),
        ("../../etc/x", "_.log"),
        ("..", "_.log"),
    ],
)
def test_each_domain_has_its_file(per_domain, host, name):
    """Also one without a folder; and nobody else gets a file."""
    path = f"/{abs(hash(host))}"
    per_domain.get(host, path)

    eventually(lambda: f"GET {path} " in log_of(per_domain, name))
    assert LINE.fullmatch(log_of(per_domain, name).splitlines()[-1])


def test_a_long_request_is_whole_in_a_file(per_domain):
    """No pipe has to take it at once."""
    path = f"/{'x' * 3000}"
    per_domain.get("one.test", path, headers=[("User-Agent", "y" * 3000)])

    line = lambda: log_of(per_domain, "one.test.log").splitlines()[-1]  # noqa: E731 -- asked again
    eventually(lambda: f"GET {path} HTTP/1.1" in line() and "y" * 3000 in line())


def test_there_are_no_other_files(per_domain):
    per_domain.get("one.test/../../x")
    per_domain.get("strange.test")
    known = {"one.test.log", "two.test.log", "gone.test.log", "*.wild.test.log", "_.log"}

    assert {path.name for path in per_domain.logs.iterdir()} <= known
    assert per_domain.access_log == []


def test_the_files_are_the_workers_own(per_domain):
    """Who opens them, each when it is needed."""
    per_domain.get("one.test")
    eventually(lambda: log_of(per_domain, "one.test.log"))
    folder, file = per_domain.logs.stat(), (per_domain.logs / "one.test.log").stat()

    assert folder.st_uid == file.st_uid
    assert filemode(file.st_mode) == "-rw-r--r--"


def test_a_file_that_was_moved_away_is_made_anew(web):
    """Within seconds, and without a signal: as logrotate does it."""
    served = web(FILES, DOMAINS=DOMAINS, NGINX_LOGS="per-domain")
    served.get("one.test")
    eventually(lambda: log_of(served, "one.test.log"))
    (served.logs / "one.test.log").rename(served.logs / "one.test.log.1")
    served.get("one.test", "/again")

    eventually(lambda: "/again" in log_of(served, "one.test.log"))


def test_a_rotation_that_makes_the_new_file_loses_no_line(web):
    """As logrotate's `create` does, for files that the workers keep open."""
    served = web(FILES, DOMAINS=DOMAINS, NGINX_LOGS="per-domain")
    path, old = served.logs / "one.test.log", served.logs / "one.test.log.1"
    sent = iter(range(10_000))

    def asked():
        served.get("one.test", f"/{next(sent)}?")
        return log_of(served, path.name)

    eventually(lambda: asked().count("\n") > 9)
    path.rename(old)
    path.touch()
    os.chown(path, served.logs.stat().st_uid, served.logs.stat().st_gid)
    eventually(asked, 20)
    eventually(lambda: (old.read_text() + path.read_text()).count("\n") == next(sent))
