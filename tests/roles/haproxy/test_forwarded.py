"""What an app is told of its client: nothing that the client has made up."""

from __future__ import annotations

import pytest
from haproxy.client import ask

pytestmark = pytest.mark.versions

FORGED = "203.0.113.66"


@pytest.fixture(scope="module")
def pems(authority):
    return [authority.pem("one.test")]


@pytest.fixture(scope="module")
def open_edge(shared_edge, web, pems):
    """Trusts nobody."""
    return shared_edge(DOMAINS=web.serves("one.test"), HTTPS_REDIRECT="off", certificates=pems)


@pytest.fixture(scope="module")
def behind(shared_edge, web, pems):
    """Stands behind a proxy at 127.0.0.1."""
    return shared_edge(
        DOMAINS=web.serves("one.test"),
        HTTPS_REDIRECT="off",
        TRUSTED_PROXIES="127.0.0.1/32,2001:db8::/32",
        certificates=pems,
    )


NAMES = [
    "X-Forwarded-For",
    "x-forwarded-for",
    "X-FORWARDED-FOR",
    "X_Forwarded_For",
    "X-Forwarded_For",
    "X_Forwarded-For",
    "x_forwarded_for",
    "X-Forwarded-Proto",
    "X_Forwarded_Proto",
    "X-Forwarded-Host",
    "X-Forwarded_Host",
    "X-Forwarded-Port",
    "X-Forwarded-Server",
    "X-Forwarded-Ssl",
    "X-Forwarded-Prefix",
    "X-Forwarded-Client-Cert",
    "Forwarded",
    "FORWARDED",
    "X-Real-IP",
    "x-real-ip",
    "X_Real_IP",
    "X-Real_IP",
    "X_Real-Ip",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_forged_header_never_reaches_the_app(open_edge, name):
    """CGI and WSGI make the same variable of an underscore and of a hyphen."""
    answer = open_edge.http("one.test", headers=[(name, FORGED), ("X-Other", "kept")])

    assert FORGED not in str(answer.seen["headers"])
    assert answer.forwarded("X-Other") == ["kept"]


def test_forged_duplicates_never_reach_the_app(open_edge):
    headers = [(name, f"{FORGED}, {number}") for number, name in enumerate(NAMES * 2)]

    assert FORGED not in str(open_edge.http("one.test", headers=headers).seen["headers"])


def test_a_forged_header_over_http_2_never_reaches_the_app(open_edge):
    with open_edge.h2("one.test") as get:
        headers = dict.fromkeys(map(str.lower, NAMES), FORGED)
        assert FORGED not in get("one.test", headers=headers).text


OURS = "X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host"


@pytest.mark.parametrize("value", [OURS, OURS.lower(), f"close, {OURS}", f"keep-alive,{OURS},TE"])
def test_what_connection_names_is_set_and_not_named_to_the_app(open_edge, value):
    """An app that keeps to RFC 9110, 7.6.1 drops what is named, and would ask for it again."""
    answer = open_edge.http("one.test", headers=[("Connection", value), ("Connection", OURS)])

    assert answer.forwarded("Connection") == []
    assert forwarded(answer) == [["127.0.0.1"], ["http"], ["one.test"]]


def test_of_connection_an_upgrade_is_all_that_is_left(open_edge):
    headers = [("Connection", f"{OURS}, Upgrade"), ("Upgrade", "chat/1")]
    answer = open_edge.http("one.test", "/health", headers=headers)

    assert [answer.forwarded(name) for name in ("Connection", "Upgrade")] == [
        ["upgrade"],
        ["chat/1"],
    ]


@pytest.mark.parametrize("upgrade", ["h2c", "H2C", "chat/1, h2c", "chat/1,h2c"])
def test_nobody_upgrades_to_http_2_behind_our_back(open_edge, upgrade):
    """What is asked in there HAProxy would not see: no Host looked up, no header taken away."""
    headers = [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", upgrade)]
    answer = open_edge.http("one.test", "/health", headers=[*headers, ("HTTP2-Settings", "AAMA")])

    assert "h2c" not in str(answer.seen["headers"]).lower()
    assert answer.forwarded("Connection") in ([], ["upgrade"])


def forwarded(answer):
    names = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host")
    return [answer.forwarded(name) for name in names]


def test_the_app_is_told_who_asked_for_what(open_edge):
    over_http = open_edge.http("One.test:8080", source="127.0.0.5")
    over_https = open_edge.https("one.test", source="127.0.0.6")

    assert forwarded(over_http) == [["127.0.0.5"], ["http"], ["One.test:8080"]]
    assert forwarded(over_https) == [["127.0.0.6"], ["https"], ["one.test"]]


SENT = [
    ("X-Forwarded-For", "198.51.100.7"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Host", "public.test"),
]


def test_what_a_trusted_proxy_says_is_kept_and_its_address_added(behind):
    client, proto, host = forwarded(behind.http("one.test", headers=SENT))

    assert ", ".join(client) == "198.51.100.7, 127.0.0.1"
    assert (proto, host) == (["https"], ["public.test"])


def test_other_headers_of_a_trusted_proxy_are_kept(behind):
    headers = [("Forwarded", "for=198.51.100.7"), ("X-Forwarded-Port", "443"), ("X-Real-IP", "x")]
    answer = behind.http("one.test", headers=headers)

    assert [answer.forwarded(name) for name, _ in headers] == [[value] for _, value in headers]


def test_what_a_trusted_proxy_does_not_say_is_set(behind):
    assert forwarded(behind.http("one.test")) == [["127.0.0.1"], ["http"], ["one.test"]]
    assert forwarded(behind.https("one.test")) == [["127.0.0.1"], ["https"], ["one.test"]]


@pytest.mark.parametrize("name", ["X_Forwarded_For", "X-Forwarded_For", "X_Forwarded-Proto"])
def test_no_proxy_is_asked_for_headers_with_underscores(behind, name):
    """It hands on what its client sends under such names."""
    answer = behind.http("one.test", headers=[(name, FORGED)])

    assert FORGED not in str(answer.seen["headers"])


@pytest.mark.parametrize("name", NAMES)
def test_nobody_else_is_trusted(behind, name):
    answer = behind.http("one.test", headers=[(name, FORGED)], source="127.0.0.2")

    assert FORGED not in str(answer.seen["headers"])
    assert answer.forwarded("X-Forwarded-For") == ["127.0.0.2"]


def test_a_header_over_several_lines_is_no_way_around(open_edge):
    """obs-fold (RFC 9112, 5.2)."""
    request = (
        f"GET / HTTP/1.1\r\nHost: one.test\r\nX-Other: a\r\n X-Forwarded-For: {FORGED}\r\n\r\n"
    )
    with open_edge.connect("HTTP") as connection:
        answer = ask(connection, request.encode())

    assert answer.status == 400 or FORGED not in str(answer.forwarded("X-Forwarded-For"))
