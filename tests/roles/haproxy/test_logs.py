"""The access log on stdout: a line for each request, and none that a client could break."""

from __future__ import annotations

import json
import ssl
from datetime import UTC, datetime

import pytest
from haproxy.client import ask, written
from haproxy.polling import eventually

pytestmark = pytest.mark.versions


@pytest.fixture(scope="module")
def pems(authority):
    return [authority.pem("one.test", "*.wild.test")]


@pytest.fixture(scope="module")
def logged(shared_edge, web, pems):
    """Logs JSON, with an app that is passed through so that connections are logged as well."""
    apps = [
        web.described("one.test", "*.wild.test"),
        ("127.0.0.9", {"domains": ["vault.test"], "tls": "passthrough"}),
    ]
    return shared_edge(
        DOMAINS=json.dumps(dict(apps)), LOG_FORMAT="json", HTTPS_REDIRECT="off", certificates=pems
    )


def entries(edge):
    """Every line, parsed strictly: as UTF-8, as JSON, each an object."""
    found = [json.loads(line.decode()) for line in edge.access_log]
    assert all(type(entry) is dict for entry in found)
    return found


def entry(edge, **wanted):
    """Wait for the line that has these values."""
    matching = lambda: [  # noqa: E731 -- asked again until the line is there
        found for found in entries(edge) if wanted.items() <= found.items()
    ]
    return eventually(matching)[-1]


def test_a_request_is_an_object(logged, web):
    headers = [("User-Agent", "tests/1"), ("Referer", "https://from.test/")]
    logged.http("one.test", "/an?entry", headers=headers, source="127.0.0.3")

    found = entry(logged, uri="/an?entry")
    expected = {
        "client": "127.0.0.3",
        "frontend": "http",
        "backend": web.address,
        "method": "GET",
        "host": "one.test",
        "protocol": "1.1",
        "status": 200,
        "user_agent": "tests/1",
        "referer": "https://from.test/",
        "error": "-",
        "tls_error": "-",
    }
    assert {name: found.get(name) for name in expected} == expected
    assert datetime.fromisoformat(found["time"]).tzinfo is UTC
    assert type(found["duration"]) is int


def test_a_request_over_tls_says_so(logged):
    logged.https("one.test", "/secure")

    found = entry(logged, uri="/secure")
    assert [found[name] for name in ("tls", "error", "tls_error")] == ["TLSv1.3", "-", "-"]


def test_a_passed_through_connection_is_an_object(logged):
    with pytest.raises(OSError, match=r"EOF|reset"), logged.tls("vault.test"):
        pass

    found = entry(logged, sni="vault.test")
    assert (found["frontend"], found["error"]) == ("tls", "-")


HOSTILE = [
    b'"',
    b"\\",
    b'\\"',
    b'","status":599,"x":"',
    b"%[src]%{+Q}o",
    b"'; DROP TABLE log",
    b"${HOME}",
    b"\t\x01\x1b[31m\x7f",
    b"\x80\xff\xc3\x28\xed\xa0\x80\xf4\x90\x80\x80",
    b"\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xa9",
    b"\xe2\x80\xa8",
    b"x" * 6000,
    b'"' * 3000,
    b"\xc3\xa9" * 2000,
    b"\x01" * 5000,
    b"",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", [b"User-Agent", b"Referer", b"Host"])
def test_no_header_breaks_a_line(logged, name, text):
    before = len(entries(logged))
    host = None if name == b"Host" else "one.test"
    status = logged.http(host, headers=[(name, text)]).status
    eventually(lambda: len(entries(logged)) > before)

    assert entries(logged)[-1]["status"] == status


@pytest.mark.parametrize("text", HOSTILE)
def test_no_address_or_method_breaks_a_line(logged, text):
    before = len(entries(logged))
    for request in (written("one.test", b"/" + text), written("one.test", "/", b"GET" + text)):
        with logged.connect("HTTP") as connection:
            ask(connection, request)
    eventually(lambda: len(entries(logged)) >= before + 2)


@pytest.mark.parametrize("data", [b"\0\1\2\3\r\n\r\n", b"GET\r\n\r\n", b'{"a":"\xff\r\n\r\n'])
def test_what_is_no_request_breaks_no_line(logged, data):
    before = len(entries(logged))
    with logged.connect("HTTP") as connection:
        connection.sendall(data)
        assert b" 400 " in connection.recv(4096)
    eventually(lambda: len(entries(logged)) > before)


def test_everything_at_its_worst_breaks_no_line(logged):
    """Each character takes six, and still the line is not cut off."""
    before = len(entries(logged))
    headers = [(name, b"\x01" * 4000) for name in ("User-Agent", "Referer")]
    logged.http("one.test", b"/" + b'"' * 4000, headers=headers)
    eventually(lambda: len(entries(logged)) > before)


@pytest.mark.parametrize("sni", ['a"b.wild.test', 'a\\","b":"c.wild.test'])
def test_no_server_name_breaks_a_line(logged, sni):
    logged.https("x.wild.test", "/hostile-sni", sni=sni)

    assert entry(logged, uri="/hostile-sni", sni=sni)


def test_a_failed_handshake_says_why(logged):
    refused = pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME")
    with refused, logged.tls('no"body.test'):
        pass

    found = entry(logged, error="SSL handshake failure")
    assert "callback failed" in found["tls_error"]


def test_health_checks_are_not_logged(logged):
    """Nor connections without a byte, which is what a load balancer's checks are."""
    logged.connect("HTTP", source="127.0.0.99").close()
    with logged.connect("HEALTH") as connection:
        assert ask(connection, written("localhost", "/healthz")).status == 200
    logged.http("one.test", "/after-the-check")

    entry(logged, uri="/after-the-check")
    log = b"".join(logged.access_log)
    assert b"healthz" not in log
    assert b"127.0.0.99" not in log


def test_haproxys_own_format_is_the_default(edge, web, pems):
    served = edge(DOMAINS=web.serves("one.test"), certificates=pems)
    served.https("one.test", "/a?b")

    line = eventually(lambda: served.access_log)[-1].decode()
    assert line.endswith('"GET /a?b HTTP/1.1"')
    assert f" https~ {web.address}/s1 " in line


def test_passed_through_connections_are_logged_in_haproxys_own_format_too(edge):
    app = {"domains": ["vault.test"], "tls": "passthrough"}
    served = edge(DOMAINS=json.dumps({"127.0.0.9": app}))
    with pytest.raises(OSError, match=r"EOF|reset"), served.tls("vault.test"):
        pass

    line = eventually(lambda: served.access_log)[-1].decode()
    assert " tls 127.0.0.9:443/<NOSRV> " in line
