"""Apps that are down or ill, and how soon they are back."""

from __future__ import annotations

import json

import pytest
from haproxy.apps import App
from haproxy.polling import eventually
from haproxy.ports import free_port

pytestmark = pytest.mark.versions


@pytest.mark.parametrize("check", [None, "/healthz"])
def test_an_app_that_is_down_gets_503_and_is_back_within_seconds(edge, check):
    port = free_port()
    app = {"domains": "one.test", "port": port} | ({"check": check} if check else {})
    served = edge(DOMAINS=json.dumps({"127.0.0.1": app}), HTTPS_REDIRECT="off")
    assert served.http("one.test").status == 503

    with App("late", port=port):
        eventually(lambda: served.http("one.test").status == 200, 4)
    assert served.http("one.test").status == 503

    with App("again", port=port):
        eventually(lambda: served.http("one.test").app == "again", 4)


def test_an_app_that_is_down_takes_no_other_along(edge, web):
    served = edge(DOMAINS=f"127.0.0.1:{free_port()}:one.test {web.serves('two.test')}")

    assert served.http("two.test").status == 301


def test_an_app_that_fails_its_check_is_taken_out(edge):
    """And it is asked with the name of a domain of its own, which frameworks insist on."""
    with App("ill") as app:
        apps = dict([app.described("one.test", "two.test", check="/health?deep=1")])
        served = edge(DOMAINS=json.dumps(apps), HTTPS_REDIRECT="off")
        assert served.http("one.test").status == 200

        app.health = 500
        eventually(lambda: served.http("one.test").status == 503, 12)
        assert ("GET", "/health?deep=1", "one.test") in app.checks

        app.health = 204
        eventually(lambda: served.http("one.test").status == 200, 4)


def test_an_app_without_a_check_is_not_asked_anything(edge):
    """A connection is enough: an app need not answer what it does not know."""
    with App("plain") as app:
        edge(DOMAINS=app.serves("one.test"))
        app.health = 500

        assert (app.checks, app.requests) == ([], [])
