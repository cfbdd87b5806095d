"""Challenges over HTTP (RFC 8555, 8.3) are answered while everything else is redirected."""

from __future__ import annotations

import json

import pytest
from haproxy.apps import App

pytestmark = pytest.mark.versions

PATH = "/.well-known/acme-challenge/"
TOKEN = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"
THUMBPRINT = "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ"

HOSTS = ["one.test", "ONE.test:80", "any.wild.test"]
NO_CHALLENGES = [
    "/",
    "/.well-known/acme-challenge",
    "/.well-known/acme-challengex/token",
    "/x/.well-known/acme-challenge/token",
    "/?/.well-known/acme-challenge/token",
]


@pytest.fixture(scope="module")
def certbot():
    with App("certbot") as app:
        yield app


@pytest.fixture(scope="module")
def asking(shared_edge, certbot, web, authority):
    """Somebody behind answers."""
    return shared_edge(
        DOMAINS=web.serves("one.test", "*.wild.test"),
        ACME_BACKEND=certbot.address,
        certificates=[authority.pem("one.test")],
    )


@pytest.fixture(scope="module")
def answering(shared_edge, web):
    """HAProxy answers itself."""
    return shared_edge(DOMAINS=web.serves("one.test", "*.wild.test"), ACME_THUMBPRINT=THUMBPRINT)


@pytest.mark.parametrize("host", HOSTS)
def test_a_challenge_reaches_its_backend(asking, host):
    answer = asking.http(host, PATH + TOKEN)

    assert (answer.app, answer.seen["path"]) == ("certbot", PATH + TOKEN)


@pytest.mark.parametrize("path", NO_CHALLENGES)
def test_everything_else_is_redirected(asking, path):
    answer = asking.http("one.test", path)

    assert (answer.status, answer.location) == (301, f"https://one.test{path}")


def test_over_https_the_path_is_the_apps(asking):
    assert asking.https("one.test", PATH + TOKEN).app == "web"


def test_a_challenge_for_an_unknown_host_reaches_nobody(asking, certbot):
    before = [*certbot.requests]

    assert asking.http("nobody.test", PATH + TOKEN).status == 421
    assert certbot.requests == before


def test_a_challenge_is_answered_where_http_is_served(edge, certbot, web):
    served = edge(
        DOMAINS=web.serves("one.test"), ACME_BACKEND=certbot.address, HTTPS_REDIRECT="off"
    )

    assert served.http("one.test", PATH + TOKEN).app == "certbot"
    assert served.http("one.test").app == "web"


def test_a_challenge_for_www_is_not_sent_to_the_apex(edge, certbot, web):
    """The certificate is for www: that is who has to answer."""
    served = edge(
        DOMAINS=web.serves("one.test", "www.one.test"),
        ACME_BACKEND=certbot.address,
        WWW_REDIRECT="on",
    )

    assert served.http("www.one.test", PATH + TOKEN).app == "certbot"


def test_without_the_backend_challenges_fail_and_all_else_works(edge, web, authority):
    """Nobody need run certbot: the backend's name is one that does not resolve."""
    served = edge(DOMAINS=web.serves("one.test"), certificates=[authority.pem("one.test")])

    assert served.http("one.test", PATH + TOKEN).status == 503
    assert served.https("one.test").app == "web"


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("token", [TOKEN, "a", "x" * 128, "-_-"])
def test_a_token_is_answered_with_the_thumbprint(answering, host, token):
    answer = answering.http(host, PATH + token)

    assert (answer.status, answer.body) == (200, f"{token}.{THUMBPRINT}".encode())
    assert answer.headers["Content-Type"] == "text/plain"


def test_head_is_answered_alike(answering):
    answer = answering.http("one.test", PATH + TOKEN, method="HEAD")

    assert (answer.status, answer.body) == (200, b"")


ODD = ["", "<b>", "%3Cb%3E", "x" * 129, "..", ".", "a.b", "a/b", "a/../b", 'a"', "a%", "a=", "ä"]


@pytest.mark.parametrize("token", ODD)
def test_what_is_no_token_is_not_echoed(answering, token):
    """A page that repeats what its address says is a gift to attackers."""
    path = (PATH + token).encode()
    answer = answering.http("one.test", path)

    assert answer.status in {301, 400}
    assert THUMBPRINT.encode() not in answer.body
    assert not token or token.encode() not in answer.body


def test_a_query_is_not_echoed(answering):
    answer = answering.http("one.test", f"{PATH}{TOKEN}?<b>")

    assert answer.body == f"{TOKEN}.{THUMBPRINT}".encode()


def test_no_backend_is_needed_for_it(answering):
    """Nor is there one that health checks would ask for."""
    assert "backend acme" not in (answering.config / "haproxy.cfg").read_text()


@pytest.mark.parametrize("path", [PATH, "/"])
def test_other_methods_are_redirected(answering, path):
    assert answering.http("one.test", path + TOKEN, method="POST").status == 308


def test_names_that_are_passed_through_are_answered_for_too(edge, web):
    """Their app is not reached over HTTP at all."""
    apps = dict([web.described("vault.test", tls="passthrough")])
    served = edge(DOMAINS=json.dumps(apps), ACME_THUMBPRINT=THUMBPRINT)

    assert served.http("vault.test", PATH + TOKEN).body == f"{TOKEN}.{THUMBPRINT}".encode()
