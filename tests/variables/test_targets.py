"""What can be waited for, as it is written."""

from __future__ import annotations

import pytest

from entrykit.discovery.finder import load_role
from entrykit.errors import InvalidValue, SettingsError
from entrykit.variables.targets import Target, targets

GOOD = [
    ("tcp://db:5432", Target("tcp", "db", 5432, ""), "tcp://db:5432"),
    ("tcp://db:5432/", Target("tcp", "db", 5432, ""), "tcp://db:5432"),
    ("tcp://my_db.internal:1", Target("tcp", "my_db.internal", 1, ""), "tcp://my_db.internal:1"),
    ("tcp://[2001:DB8::1]:53", Target("tcp", "2001:db8::1", 53, ""), "tcp://[2001:db8::1]:53"),
    ("tcp://db.example.:1", Target("tcp", "db.example.", 1, ""), "tcp://db.example.:1"),
    ("http://x./a", Target("http", "x.", 80, "/a"), "http://x.:80/a"),
    ("http://x", Target("http", "x", 80, "/"), "http://x:80/"),
    ("http://x/health", Target("http", "x", 80, "/health"), "http://x:80/health"),
    ("https://x?token=1", Target("https", "x", 443, "/?token=1"), "https://x:443/?…"),
    ("http://[::1]:8080/a?b=c", Target("http", "::1", 8080, "/a?b=c"), "http://[::1]:8080/a?…"),
    ("file:/run/x", Target("file", "", 0, "/run/x"), "file:/run/x"),
    ("file:///run/x", Target("file", "", 0, "/run/x"), "file:/run/x"),
    ("unix:/run/y", Target("unix", "", 0, "/run/y"), "unix:/run/y"),
]
DURATION = "expected a number and ms, s, m, h or d, e.g. 30s"
EXPECTED = "e.g. tcp://db:5432, http://app/health, file:/a/path or unix:/a/socket"
HOST = "a host (expected a DNS name, an IPv4 address or an IPv6 address in brackets)"
BAD = [
    ("db:5432", f'"db:5432": not a target ({EXPECTED})'),
    ("", f'"": not a target ({EXPECTED})'),
    ("ftp://x", f'"ftp://x": not a target ({EXPECTED})'),
    ("http://x/a b", f'"http://x/a b": not a target ({EXPECTED})'),
    ("http://x/é", f'"http://x/é": not a target ({EXPECTED})'),
    ("http://x#part", f'"http://x#part": not a target ({EXPECTED})'),
    ("http://x/a#part", f'"http://x/a#part": not a target ({EXPECTED})'),
    ("tcp://db", '"tcp://db": no port (expected tcp://host:port)'),
    ("tcp://db:5432/x", '"tcp://db:5432/x": has a path (expected tcp://host:port)'),
    ("tcp://db:0", '"tcp://db:0": "0": not a port (expected 1 to 65535)'),
    ("tcp://:1", f'"tcp://:1": "": not {HOST}'),
    ("tcp://.:1", f'"tcp://.:1": "": not {HOST}'),
    ("tcp://a..:1", f'"tcp://a..:1": "a.": not {HOST}'),
    ("tcp://10.0.0.1.:1", ('"tcp://10.0.0.1.:1": "10.0.0.1.": not an IPv4 address (expected four '
     "numbers from 0 to 255)")),
    ("https://x./", f'"https://x./": "x.": not {HOST}'),
    ("tcp://::1:80", f'"tcp://::1:80": "": not {HOST}'),
    ("http://me:hunter2@x/", "http://…: has a user or a password (expected none)"),
    ("ftp://me:hunter2@x/", f'"…": not a target ({EXPECTED})'),
    ("http://x:y/?hunter2", '"http://x:y/?…": "y": not a port (expected 1 to 65535)'),
    ("file:run/x", '"file:run/x": not an absolute path (expected file:/a/path)'),
    ("unix:y", '"unix:y": not an absolute path (expected unix:/a/path)'),
]  # fmt: skip


@pytest.mark.parametrize(("word", "expected", "shown"), GOOD, ids=[row[0] for row in GOOD])
def test_a_target_is_read_and_shown(word, expected, shown):
    """Without its query, which may hold a token."""
    (found,) = targets([word])

    assert found == expected
    assert str(found) == shown


@pytest.mark.parametrize(("word", "fault"), BAD, ids=[row[0] for row in BAD])
def test_what_is_no_target_is_refused_with_what_would_be(word, fault):
    with pytest.raises(InvalidValue) as caught:
        targets([word])

    assert caught.value.messages == (fault,)


def test_a_path_too_long_for_a_socket_is_refused():
    with pytest.raises(InvalidValue, match="too long for a socket"):
        targets([f"unix:/{'x' * 107}"])


def settings(**variables):
    return load_role("haproxy").settings.from_environ({"DOMAINS": "web:a.test", **variables})


@pytest.mark.parametrize(
    "text", ["tcp://a:1 file:/b", "tcp://a:1,file:/b", "tcp://a:1,\n  file:/b",
             '["tcp://a:1", "file:/b"]', "tcp://a:1 file:/b tcp://a:1"],
)  # fmt: skip
def test_the_variable_is_a_list(text):
    assert settings(ENTRYKIT_WAIT=text).entrykit_wait == ("tcp://a:1", "file:/b")


def test_every_fault_of_the_variable_is_told():
    with pytest.raises(SettingsError) as caught:
        settings(ENTRYKIT_WAIT="db tcp://a:1 tcp://b", ENTRYKIT_WAIT_TIMEOUT="30")

    assert caught.value.messages == (
        f'ENTRYKIT_WAIT: "db": not a target ({EXPECTED})',
        'ENTRYKIT_WAIT: "tcp://b": no port (expected tcp://host:port)',
        f'ENTRYKIT_WAIT_TIMEOUT: "30": not a duration ({DURATION})',
    )
