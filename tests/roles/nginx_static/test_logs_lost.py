"""With a file for each domain, every request has its line: nginx itself is easily kept from it."""

from __future__ import annotations

import pytest
from haproxy.polling import eventually

pytestmark = pytest.mark.versions

FILES = {
    "pages.test/index.html": "x",
    "pages.test/404.html": "lost",
    "pages.test/50x.html": "broken",
    "plain.test/index.html": "x",
    "app.test/index.html": "x",
    "releases/1/index.html": "x",
    "releases/1/404.html": "lost",
    "releases/1/50x.html": "broken",
}
DOMAINS = """{"web": {"domains": {"pages.test": {}, "plain.test": {}, "linked.test": {},
  "gone.test": {}, "app.test": {"spa": true}}}}"""
EXTRA = "location /broken { return 503; } location /denied { deny all; }"
PATHS = ["/", "/none", "/a/deep/path", "/.git/config", "/broken/in/depth", "/denied/in/depth"]


@pytest.fixture(scope="module", params=["off", "on"])
def logged(shared_web, request):
    served = shared_web.made(
        FILES,
        DOMAINS=DOMAINS,
        NGINX_LOGS="per-domain",
        FOLLOW_SYMLINKS=request.param,
        NGINX_EXTRA_SERVER=EXTRA,
    )
    (served.www / "linked.test").symlink_to("releases/1")
    (served.www / "pages.test" / "locked").touch(0o000)
    return served.start()


def has_line(web, name, path, method="GET"):
    log = web.logs / f"{name}.log"
    return log.exists() and f'"{method} {path} ' in log.read_text()


@pytest.mark.parametrize(
    "host", ["pages.test", "plain.test", "linked.test", "gone.test", "app.test"]
)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_whatever_the_answer(logged, host, path, method):
    path += f"?{method}"
    logged.get(host, path, method=method)

    eventually(lambda: has_line(logged, host, path, method), 2)


@pytest.mark.parametrize(("host", "name"), [("evil.test", "_"), ("www.plain.test", "plain.test")])
def test_where_there_is_no_site(logged, host, name):
    logged.get(host, "/a/deep/path?nowhere")

    eventually(lambda: has_line(logged, name, "/a/deep/path?nowhere"), 2)


def test_a_request_that_nginx_refuses_early(logged):
    logged.raw(b"GET /a/deep/path?bad HTTP/1.1\r\nHost: plain.test\r\nHost: b\r\n\r\n")
    logged.http("plain.test", "/a/deep/path?large", method="POST", body=b"x" * 2000)

    eventually(lambda: has_line(logged, "plain.test", "/a/deep/path?bad"), 2)
    eventually(lambda: has_line(logged, "plain.test", "/a/deep/path?large", "POST"), 2)
