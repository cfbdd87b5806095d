"""Whose request it is: the address in the log, behind proxies or not; and HTTP/2."""

from __future__ import annotations

import json
import subprocess

import pytest
from haproxy.polling import eventually

from entrykit.roles.nginx_static.nginx_build import Build

pytestmark = pytest.mark.versions

FILES = {"a.test/index.html": "a"}


def logged(web, path):
    """Wait for the line of a path."""
    lines = lambda: [  # noqa: E731 -- asked again until the line is there
        entry for entry in map(json.loads, web.access_log) if entry["uri"] == path
    ]
    return eventually(lines)[-1]


def seen(web, path, **how):
    assert web.get("a.test", path, **how).status == 404
    return logged(web, path)["client"]


def forwarded(text):
    return {"headers": [("X-Forwarded-For", text)]}


@pytest.fixture(scope="module")
def behind(shared_web):
    """Behind a proxy at 127.0.0.2."""
    return shared_web(
        FILES, DOMAINS="a.test", NGINX_LOGS="json", TRUSTED_PROXIES="127.0.0.2,10.0.0.0/8"
    )


def test_nobody_is_believed_unless_told(web):
    served = web(FILES, DOMAINS="a.test", NGINX_LOGS="json")

    assert seen(served, "/x", source="127.0.0.2", **forwarded("192.0.2.1")) == "127.0.0.2"


@pytest.mark.parametrize(
    ("text", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("6.6.6.6, 192.0.2.1", "192.0.2.1"),
        ("6.6.6.6, 192.0.2.1, 10.0.0.9,10.0.0.8", "192.0.2.1"),
        ("10.0.0.9", "10.0.0.9"),
        ("2001:db8::1", "2001:db8::1"),
        ("nonsense", "127.0.0.2"),
        ("", "127.0.0.2"),
    ],
)
def test_the_last_address_that_is_no_proxys_is_the_client(behind, text, client):
    """What stands before it the client may have made up."""
    path = f"/{abs(hash(text))}"

    assert seen(behind, path, source="127.0.0.2", **forwarded(text)) == client


def test_the_word_of_others_is_not(behind):
    assert seen(behind, "/other", source="127.0.0.3", **forwarded("192.0.2.1")) == "127.0.0.3"


PROXY = b"PROXY TCP4 192.0.2.7 192.0.2.8 1234 80\r\n"


def test_the_proxy_protocol_is_believed(web):
    served = web(FILES, DOMAINS="a.test", NGINX_LOGS="json", ACCEPT_PROXY="on")

    assert seen(served, "/x", preface=PROXY, **forwarded("6.6.6.6")) == "192.0.2.7"
    assert seen(served, "/u", preface=b"PROXY UNKNOWN\r\n") == "127.0.0.1"


def test_with_trusted_proxies_it_is_believed_from_them_only(web):
    served = web(
        FILES, DOMAINS="a.test", NGINX_LOGS="json", ACCEPT_PROXY="on", TRUSTED_PROXIES="127.0.0.2"
    )

    assert seen(served, "/two", preface=PROXY, source="127.0.0.2") == "192.0.2.7"
    assert seen(served, "/three", preface=PROXY, source="127.0.0.3") == "127.0.0.3"


def test_who_does_not_speak_it_is_not_answered(web):
    served = web(FILES, DOMAINS="a.test", ACCEPT_PROXY="on")

    with pytest.raises(OSError, match=r"closed|reset"):
        served.get("a.test")


def curl(web, *words):
    argv = ["curl", "-sS", "--max-time", "10", "-H", "Host: a.test", "-w", "\n%{http_version}"]
    argv += [*words, f"http://127.0.0.1:{web.port('HTTP')}/"]
    done = subprocess.run(
        argv, env={"PATH": "/usr/bin"}, capture_output=True, text=True, check=True
    )
    return done.stdout.split("\n")


def test_http_2_without_tls(web, search_path):
    served = web(FILES, DOMAINS="a.test", HTTP2="on")

    assert curl(served, "--http2-prior-knowledge") == ["a", "2"]
    if Build.query({"PATH": search_path}).version >= (1, 25, 1):
        assert curl(served) == ["a", "1.1"]


def test_http_1_unless_told(web):
    assert curl(web(FILES, DOMAINS="a.test")) == ["a", "1.1"]
