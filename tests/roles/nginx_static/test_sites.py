"""Which files a request gets, by its Host and its path."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.versions

FILES = {
    "one.test/index.html": "one",
    "one.test/page.html": "page",
    "one.test/sub/index.html": "sub",
    "one.test/empty/x.txt": "x",
    "one.test/404.html": "one has lost it",
    "one.test/50x.html": "one is broken",
    "one.test/.well-known/security.txt": "security",
    "one.test/.well-known/.hidden": "secret",
    "one.test/sub/.well-known/x": "secret",
    "one.test/.htaccess": "secret",
    "one.test/.git/config": "secret",
    "one.test/sub/.env": "secret",
    "one.test/page.html~": "secret",
    "two.test/index.html": "two",
    "xn--bcher-kva.test/index.html": "books",
    "app.test/index.html": "app",
    "app.test/assets/x.css": "css",
    "www.lonely.test/index.html": "lonely",
    "*.wild.test/index.html": "wild",
    "index.html": "nobody's",
    "other.test/index.html": "not ours",
}
DOMAINS = """{"web": {"domains": {"one.test": {}, "www.one.test": null, "two.test": {},
  "bücher.test": {}, "app.test": {"spa": true}, "bare.test": {"spa": "on"}, "gone.test": {},
  "www.lonely.test": {}, "*.wild.test": {}, "wild.test": {}}},
  "api": {"port": 9000, "domains": ["other.test"]}}"""
EXTRA = "location = /broken { return 503; }"


@pytest.fixture(scope="module")
def sites(shared_web):
    return shared_web(FILES, DOMAINS=DOMAINS, NGINX_APP="web", NGINX_EXTRA_SERVER=EXTRA)


@pytest.mark.parametrize(
    ("host", "text"),
    [
        ("one.test", "one"),
        ("ONE.Test.:8080", "one"),
        ("two.test", "two"),
        ("xn--bcher-kva.test", "books"),
        ("www.lonely.test", "lonely"),
        ("a.wild.test", "wild"),
    ],
)
def test_each_host_has_its_folder(sites, host, text):
    assert sites.text(host) == (200, text)


@pytest.mark.parametrize(
    "host",
    [
        "other.test",
        "nobody.test",
        "test",
        "a.one.test",
        "www.www.one.test",
        "a.b.wild.test",
        "_",
        "..",
        ".",
        "one.test/../two.test",
        "127.0.0.1",
        "default",
        "x" * 3000,
        "\\",
        "one.test%00",
        "",
    ],
)
def test_another_host_has_none(sites, host):
    """421, or what nginx itself refuses; with nothing of any site."""
    answer = sites.get(host)

    assert answer.status in {421, 400}
    assert b"nginx" in answer.body
    assert sites.get(host, "/one.test/index.html").status in {421, 400}


def test_no_host_at_all_is_not_a_site(sites):
    assert sites.raw(b"GET / HTTP/1.0\r\n\r\n").status == 421
    assert sites.raw(b"GET / HTTP/1.1\r\n\r\n").status == 400
    assert sites.raw(b"GET /one.test/ HTTP/1.0\r\n\r\n").status == 421


def test_the_host_of_an_absolute_address_counts(sites):
    """RFC 9112, 3.2.2."""
    assert sites.text("two.test", "http://one.test/") == (200, "one")


@pytest.mark.parametrize(
    ("host", "path", "location"),
    [
        ("www.one.test", "/p?q=1", "https://one.test/p?q=1"),
        ("WWW.two.test:80", "/", "https://two.test/"),
        ("www.xn--bcher-kva.test", "/", "https://xn--bcher-kva.test/"),
        ("www.wild.test", "/a%20b", "https://wild.test/a%20b"),
        ("www.one.test", "//evil.test/%0d%0aX:y", "https://one.test//evil.test/%0d%0aX:y"),
        ("www.one.test", "/.git/config", "https://one.test/.git/config"),
        ("www.www.lonely.test", "/", "https://www.lonely.test/"),
    ],
)
def test_www_leads_to_its_domain_in_one_hop(sites, host, path, location):
    """Whether DOMAINS has the www as well or not."""
    answer = sites.get(host, path)

    assert (answer.status, answer.location) == (301, location)


def test_a_folder_is_redirected_to_by_its_path_alone(sites):
    """So that scheme, host and port stay those of the client, whatever is in front."""
    answer = sites.get("one.test", "/sub?a=b")

    assert (answer.status, answer.location) == (301, "/sub/?a=b")
    assert sites.text("one.test", "/sub/") == (200, "sub")
    assert sites.get("one.test", "//sub").location == "/sub/"


@pytest.mark.parametrize(
    "path",
    [
        "/.htaccess",
        "/.git/config",
        "/.git",
        "/%2egit/config",
        "/./.git/config",
        "/sub/.env",
        "/sub/.well-known/x",
        "/.well-known/.hidden",
        "/page.html~",
        "/../two.test/index.html",
        "/%2e%2e/two.test/index.html",
        "/nothing",
        "/empty/",
        "/404.html",
        "/50x.html",
    ],
)
def test_what_is_not_to_be_seen_is_not_found(sites, path):
    answer = sites.get("one.test", path)

    assert answer.status in {404, 400}
    assert answer.body == b"one has lost it" or answer.status == 400


def test_well_known_is_served(sites):
    assert sites.text("one.test", "/.well-known/security.txt") == (200, "security")


def test_a_site_without_a_page_for_errors_has_nginxs_own(sites):
    answer = sites.get("two.test", "/nothing")

    assert answer.status == 404
    assert b"404 Not Found" in answer.body


def test_a_page_for_errors_may_come_later(sites):
    sites.write({"two.test/later.html": "x"})
    assert sites.get("two.test", "/404.html").status == 404
    sites.write({"xn--bcher-kva.test/404.html": "no such book"})

    assert sites.text("xn--bcher-kva.test", "/y") == (404, "no such book")


def test_errors_of_the_server_have_a_page_too(sites):
    assert sites.text("one.test", "/broken") == (503, "one is broken")
    assert sites.get("two.test", "/broken").status == 500


@pytest.mark.parametrize("path", ["/a/deep/path", "/assets/missing", "/index.html", "/?x"])
def test_an_app_of_one_page_shows_it_for_every_path(sites, path):
    assert sites.text("app.test", path) == (200, "app")


def test_an_app_of_one_page_serves_its_files_and_hides_dotfiles(sites):
    assert sites.text("app.test", "/assets/x.css") == (200, "css")
    assert sites.get("app.test", "/.env").status == 404


def test_an_app_without_its_page_is_not_found(sites):
    """Rather than an error of the server."""
    assert sites.get("bare.test", "/x").status == 404


def test_a_domain_without_a_folder_is_not_found_and_told_of(sites):
    assert sites.get("gone.test").status == 404
    assert f"no directory {sites.www}/gone.test: its requests will get 404" in sites.said


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "BREW"])
def test_only_get_and_head(sites, method):
    assert sites.get("one.test", "/page.html", method=method).status == 405


def test_head_is_get_without_a_body(sites):
    answer = sites.get("one.test", "/page.html", method="HEAD")

    assert (answer.status, answer.headers["Content-Length"], answer.body) == (200, "4", b"")


def test_a_large_body_is_refused(sites):
    assert sites.http("one.test", method="POST", body=b"x" * 2000).status == 413


def test_spa_may_be_the_rule_and_a_domain_the_exception(web):
    served = web(
        {"a.test/index.html": "a", "b.test/index.html": "b"},
        DOMAINS='{"web": {"domains": {"a.test": {}, "b.test": {"spa": false}}}}',
        SPA="on",
    )

    assert served.text("a.test", "/x") == (200, "a")
    assert served.get("b.test", "/x").status == 404


def test_a_plain_list_is_enough(web):
    served = web(
        {"a.test/index.html": "a", "b.test/index.html": "b"},
        DOMAINS="a.test,b.test",
        NGINX_APP="web",
    )

    assert served.text("a.test") == (200, "a")
    assert served.text("b.test") == (200, "b")
    assert served.get("www.b.test").location == "https://b.test/"


def test_a_link_out_of_the_site_is_not_followed_unless_told(web):
    files = {"a.test/index.html": "a", "secret": "secret"}
    for follow, status in (("off", 404), ("on", 200)):
        served = web.made(files, DOMAINS="a.test", FOLLOW_SYMLINKS=follow)
        (served.www / "a.test" / "link").symlink_to("../secret")
        (served.www / "a.test" / "folder").symlink_to("..")
        served.start()

        assert served.get("a.test", "/link").status == status
        assert served.get("a.test", "/folder/secret").status == status


def test_the_folder_of_a_site_may_be_a_link(web):
    """That is how a new release is put into its place."""
    served = web.made({"releases/1/index.html": "first"}, DOMAINS="a.test")
    (served.www / "a.test").symlink_to("releases/1")
    served.start()

    assert served.text("a.test") == (200, "first")


def test_a_root_with_blanks_dollars_and_quotes(web):
    served = web.made(DOMAINS="a.test")
    odd = served.folder / 'a b$c"d\\e;{'
    served.environ["WWW_ROOT"] = str(odd)
    (odd / "a.test").mkdir(parents=True)
    (odd / "a.test" / "index.html").write_text("odd")
    served.start()

    assert served.text("a.test") == (200, "odd")
