"""HAPROXY_EXTRA_…: raw lines for what has no variable."""

from __future__ import annotations

import pytest
from haproxy.ports import free_port

pytestmark = pytest.mark.versions


@pytest.fixture(scope="module")
def extended(shared_edge, authority, web):
    """One line or more in each of the sections."""
    return shared_edge(
        DOMAINS=f"{web.serves('one.test')} 127.0.0.1:{free_port()}:gone.test",
        HTTPS_REDIRECT="off",
        HAPROXY_EXTRA_GLOBAL="# of my own\nsetenv WHOSE mine",
        HAPROXY_EXTRA_DEFAULTS='http-error status 503 content-type text/plain string "soon"\n',
        HAPROXY_EXTRA_FRONTEND="http-request deny deny_status 403 if { path_beg /secret }\n"
        "    http-response set-header X-Whose %[env(WHOSE)]",
        HAPROXY_EXTRA_BACKEND="http-response set-header X-Backend %[be_name]",
        certificates=[authority.pem("one.test")],
    )


@pytest.mark.parametrize("ask", ["http", "https"])
def test_lines_for_the_frontends_and_for_global_take_effect(extended, ask):
    answer = getattr(extended, ask)("one.test")

    assert (answer.status, answer.headers["X-Whose"]) == (200, "mine")
    assert getattr(extended, ask)("one.test", "/secret").status == 403


def test_lines_for_the_defaults_take_effect(extended):
    answer = extended.http("gone.test")

    assert (answer.status, answer.body) == (503, b"soon")


@pytest.mark.parametrize("ask", ["http", "https"])
def test_lines_for_the_backends_take_effect(extended, web, ask):
    assert getattr(extended, ask)("one.test").headers["X-Backend"] == web.address


def test_a_line_that_haproxy_refuses_ends_the_start(edge, web):
    refused = edge.made(DOMAINS=web.serves("one.test"), HAPROXY_EXTRA_BACKEND="nonsense here")
    refused.launch()

    assert refused.ended() == 65
    assert "unknown keyword 'nonsense' in 'backend' section" in refused.said
    assert not (refused.config / "haproxy.cfg").exists()
