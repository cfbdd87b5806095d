"""What comes with a file: type, caching, ranges, compression, headers."""

from __future__ import annotations

import gzip
import json
import os

import pytest

from entrykit.roles.nginx_static.nginx_build import Build

pytestmark = pytest.mark.versions

LONG = "a text that is long enough to be compressed " * 100
IMMUTABLE = "public, max-age=31536000, immutable"
FILES = {
    "a.test/index.html": LONG,
    "a.test/plain.txt": "0123456789",
    "a.test/ready.js": "not compressed",
    "a.test/ready.js.gz": gzip.compress(b"compressed before", mtime=0),
    "a.test/ready.js.br": b"taken for brotli",
    "a.test/style.css": LONG,
    "a.test/image.png": LONG,
    "a.test/odd.thing": "x",
    "a.test/sub/index.html": "sub",
}
TYPES = {
    "a.html": "text/html; charset=utf-8",
    "a.css": "text/css; charset=utf-8",
    "a.js": "text/javascript; charset=utf-8",
    "a.mjs": "text/javascript; charset=utf-8",
    "a.json": "application/json; charset=utf-8",
    "a.txt": "text/plain; charset=utf-8",
    "a.svg": "image/svg+xml",
    "a.webp": "image/webp",
    "a.woff2": "font/woff2",
    "a.wasm": "application/wasm",
    "a.webmanifest": "application/manifest+json; charset=utf-8",
    "a.thing": "application/octet-stream",
    "none": "application/octet-stream",
}
HASHED = [
    "app.3f2a1b9c.js",
    "app-3f2a1b9c4d5e6f70.css",
    "2.0a1b2c3d4e.chunk.3f2a1b9c.js.map",
    "logo.d41d8cd98f00b204e980.svg",
    "font-1a2b3c4d.woff2",
    "assets/index-BsR3x_9q.js",
    "assets/deep/x-Dk2-aQ_0.css",
]
NOT_HASHED = [
    "index.html",
    "jquery.validate.js",
    "bootstrap.min.css",
    "photo-20240131.png",
    "photo-deadbeef.png",
    "report.3f2a1b9c.pdf",
    "page.3f2a1b9c.html",
    "index-BsR3x_9q.js",
    "assets/jquery-validate.js",
    "assets/photo-2024Jan1a.txt",
    "app.3f2a1b.js",
]


@pytest.fixture(scope="module")
def site(shared_web):
    more = {f"a.test/t/{name}": "x" for name in TYPES}
    more |= {f"a.test/{name}": "x" for name in [*HASHED, *NOT_HASHED] if name != "index.html"}
    return shared_web(FILES | more, DOMAINS="a.test")


@pytest.mark.parametrize(("name", "kind"), TYPES.items())
def test_each_kind_of_file_has_its_type(site, name, kind):
    assert site.get("a.test", f"/t/{name}").headers["Content-Type"] == kind


@pytest.mark.parametrize("name", HASHED)
def test_a_name_with_a_hash_is_kept_for_ever(site, name):
    assert site.get("a.test", f"/{name}").headers.get_all("Cache-Control") == [IMMUTABLE]


@pytest.mark.parametrize("name", NOT_HASHED)
def test_everything_else_is_asked_for_again(site, name):
    """Also what only looks as if: a date, a word."""
    assert site.get("a.test", f"/{name}").headers.get_all("Cache-Control") == ["no-cache"]


def test_what_is_not_there_is_not_kept(site):
    assert site.get("a.test", "/gone.3f2a1b9c.js").headers["Cache-Control"] is None


def test_a_page_in_place_of_a_file_is_not_kept(web):
    served = web({"a.test/index.html": "app"}, DOMAINS="a.test", SPA="on")

    answer = served.get("a.test", "/gone.3f2a1b9c.js")
    assert (answer.body, answer.headers["Cache-Control"]) == (b"app", "no-cache")


def test_an_unchanged_file_is_not_sent_again(site):
    first = site.get("a.test", "/plain.txt")
    headers = [("If-None-Match", first.headers["ETag"])]
    since = [("If-Modified-Since", first.headers["Last-Modified"])]

    assert first.headers["ETag"]
    assert site.get("a.test", "/plain.txt", headers=headers).status == 304
    assert site.get("a.test", "/plain.txt", headers=since).status == 304
    assert site.get("a.test", "/plain.txt", headers=[("If-None-Match", '"x"')]).status == 200


@pytest.mark.parametrize(
    ("wanted", "status", "body"),
    [
        ("bytes=2-4", 206, b"234"),
        ("bytes=-2", 206, b"89"),
        ("bytes=8-", 206, b"89"),
        ("bytes=20-", 416, None),
    ],
)
def test_a_range_of_a_file(site, wanted, status, body):
    answer = site.get("a.test", "/plain.txt", headers=[("Range", wanted)])

    assert answer.status == status
    assert body is None or answer.body == body


GZIP = [("Accept-Encoding", "gzip")]


@pytest.mark.parametrize("path", ["/", "/style.css"])
@pytest.mark.parametrize("via", [(), [("Via", "1.1 proxy")]])
def test_text_is_compressed_for_who_understands(site, path, via):
    """Also behind a proxy."""
    answer = site.get("a.test", path, headers=[*GZIP, *via])

    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(answer.body).decode() == LONG
    plain = site.get("a.test", path)
    assert (plain.headers["Content-Encoding"], plain.body.decode()) == (None, LONG)
    assert plain.headers["Vary"] == "Accept-Encoding"


def test_what_is_compressed_already_is_not_again(site):
    assert site.get("a.test", "/image.png", headers=GZIP).headers["Content-Encoding"] is None


def test_a_file_that_was_compressed_before_is_sent_as_it_is(site):
    answer = site.get("a.test", "/ready.js", headers=GZIP)

    assert gzip.decompress(answer.body) == b"compressed before"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert site.get("a.test", "/ready.js").body == b"not compressed"


def test_brotli_is_used_where_its_modules_are(site, search_path):
    """It is tried with this machine's own nginx; for one of another release they do not fit."""
    loads = bool(Build.query({"PATH": search_path}).find_brotli({"PATH": search_path}))
    answer = site.get("a.test", "/style.css", headers=[("Accept-Encoding", "gzip, br")])

    assert answer.headers["Content-Encoding"] == ("br" if loads else "gzip")
    assert loads or "ENTRYKIT_TEST_NGINX" in os.environ
    refused = site.get("a.test", "/style.css", headers=[("Accept-Encoding", "gzip, br;q=0")])
    assert refused.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("follow", ["on", "off"])
def test_a_file_that_brotli_compressed_before_is_sent_as_it_is(web, search_path, follow):
    """Its module finds no file in the way that finds no link either: then gzip's is sent."""
    sent = (
        "br"
        if follow == "on" and Build.query({"PATH": search_path}).find_brotli({"PATH": search_path})
        else "gzip"
    )
    served = web(FILES, DOMAINS="a.test", FOLLOW_SYMLINKS=follow)
    answer = served.get("a.test", "/ready.js", headers=[("Accept-Encoding", "br, gzip")])

    assert answer.headers["Content-Encoding"] == sent
    assert answer.body == FILES["a.test/ready.js.br" if sent == "br" else "a.test/ready.js.gz"]


SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}


@pytest.mark.parametrize(
    ("host", "path"), [("a.test", "/"), ("a.test", "/sub"), ("a.test", "/gone"), ("b.test", "/")]
)
def test_headers_for_security_come_with_every_answer(site, host, path):
    headers = site.get(host, path).headers

    assert {name: headers.get_all(name) for name in SECURITY} == {
        name: [value] for name, value in SECURITY.items()
    }


@pytest.mark.parametrize("logs", ["combined", "per-domain"])
def test_a_range_that_is_not_there_has_each_header_once(web, logs):
    served = web({"a.test/plain.txt": "0123456789"}, DOMAINS="a.test", NGINX_LOGS=logs)
    answer = served.get("a.test", "/plain.txt", headers=[("Range", "bytes=20-")])

    assert answer.status == 416
    assert b"416 Requested Range Not Satisfiable" in answer.body
    names = [name.lower() for name in answer.headers]
    assert sorted(names) == sorted(set(names))
    assert {*SECURITY, "Content-Range"} <= set(answer.headers.keys())


def test_the_version_is_not_told(site):
    assert site.get("a.test").headers["Server"] == "nginx"
    assert b"nginx/" not in site.get("b.test").body


def test_no_list_of_a_folder(site):
    assert site.get("a.test", "/t/").status == 404


CSP = """default-src 'self'; img-src "*" \\ {a;b} # é"""


def test_headers_of_ones_own(web):
    """Every character of them means itself; one may replace ours or take it away."""
    served = web(
        {"a.test/index.html": "a"},
        DOMAINS="a.test",
        NGINX_HEADERS=json.dumps(
            {"X-Odd": CSP, "x-frame-options": "DENY", "Referrer-Policy": ""}
            | {"cache-control": "max-age=60"}
        ),
    )
    headers = served.get("a.test").headers

    assert headers["X-Odd"].encode("latin-1").decode() == CSP
    assert headers.get_all("X-Frame-Options") == ["DENY"]
    assert headers["Referrer-Policy"] is None
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers.get_all("Cache-Control") == ["max-age=60"]


def test_no_headers_that_were_not_wanted(web):
    served = web({"a.test/index.html": "a"}, DOMAINS="a.test", SECURITY_HEADERS="off")

    assert SECURITY.keys().isdisjoint(served.get("a.test").headers.keys())


def test_what_is_replaced_is_seen_within_seconds(web):
    from haproxy.polling import eventually

    served = web({"a.test/index.html": "old"}, DOMAINS="a.test")
    assert served.text("a.test") == (200, "old")
    served.write({"a.test/new.html": "new"})
    (served.www / "a.test" / "new.html").rename(served.www / "a.test" / "index.html")

    eventually(lambda: served.text("a.test") == (200, "new"), 4)
