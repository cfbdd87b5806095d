"""HTTP leads to HTTPS, and www to the apex where that is wanted: in one hop."""

from __future__ import annotations

import json

import pytest
from haproxy.client import ask, written

pytestmark = pytest.mark.versions

PEM = ["one.test", "www.one.test", "www.lonely.test", "*.wild.test", "wild.test"]


@pytest.fixture(scope="module")
def domains(web):
    """`www` beside its apex, alone, and through a wildcard only."""
    return web.serves("one.test", "www.one.test", "www.lonely.test", "*.wild.test", "wild.test")


@pytest.fixture(scope="module")
def plain(shared_edge, domains):
    """DOMAINS alone."""
    return shared_edge(DOMAINS=domains)


@pytest.fixture(scope="module")
def www(shared_edge, domains, authority):
    """With WWW_REDIRECT, and reached on another port than it listens on."""
    return shared_edge(
        DOMAINS=domains,
        WWW_REDIRECT="on",
        PUBLIC_HTTPS_PORT="8443",
        certificates=[authority.pem(*PEM)],
    )


@pytest.mark.parametrize(
    ("method", "status"),
    [("GET", 301), ("HEAD", 301), ("POST", 308), ("PUT", 308), ("DELETE", 308), ("PATCH", 308)],
)
def test_the_method_says_how(plain, web, method, status):
    """308 keeps the method; 301 is what every client understands."""
    before = [*web.requests]
    answer = plain.http("one.test", "/a/b?c=d&e", method=method)

    assert (answer.status, answer.location) == (status, "https://one.test/a/b?c=d&e")
    assert web.requests == before


@pytest.mark.parametrize(
    ("host", "path", "location"),
    [
        ("one.test", "/", "https://one.test/"),
        ("ONE.test.:8080", "/", "https://one.test/"),
        ("any.wild.test", "/x", "https://any.wild.test/x"),
        ("www.one.test", "/", "https://www.one.test/"),
        ("one.test", "//evil.test/", "https://one.test//evil.test/"),
        ("one.test", "/%0d%0aSet-Cookie:a=b", "https://one.test/%0d%0aSet-Cookie:a=b"),
        ("one.test", "/\"?'%", "https://one.test/\"?'%"),
        ("one.test", "/?", "https://one.test/?"),
        ("one.test", "http://one.test/x?y", "https://one.test/x?y"),
    ],
)
def test_host_path_and_query_are_kept(plain, host, path, location):
    answer = plain.http(host, path)

    assert answer.location == location
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["*", "http://one.test"])
def test_a_request_without_a_path_leads_to_the_site(plain, path):
    """OPTIONS is made of the server then (RFC 9110, 9.3.7): a location cannot say that."""
    answer = plain.http("one.test", path, method="OPTIONS")

    assert (answer.status, answer.location) == (308, "https://one.test/")


def test_a_request_without_a_path_leads_from_www_to_the_apex(www):
    for answer in (
        www.http("www.one.test", "*", method="OPTIONS"),
        www.https("www.one.test", "*", method="OPTIONS"),
    ):
        assert (answer.status, answer.location) == (308, "https://one.test:8443/")


@pytest.mark.parametrize(
    ("host", "location"),
    [
        ("one.test", "https://one.test:8443/p?q"),
        ("www.one.test", "https://one.test:8443/p?q"),
        ("WWW.One.Test.:80", "https://one.test:8443/p?q"),
        ("www.lonely.test", "https://www.lonely.test:8443/p?q"),
        ("www.wild.test", "https://www.wild.test:8443/p?q"),
        ("wild.test", "https://wild.test:8443/p?q"),
    ],
)
def test_www_leads_to_the_apex_in_one_hop(www, host, location):
    """Only where DOMAINS has both by name: who has a wildcard has not spoken of www."""
    answer = www.http(host, "/p?q")

    assert (answer.status, answer.location) == (301, location)


@pytest.mark.parametrize(("method", "status"), [("GET", 301), ("HEAD", 301), ("POST", 308)])
def test_www_leads_to_the_apex_over_https_too(www, web, method, status):
    before = [*web.requests]
    answer = www.https("www.one.test", "/p?q", method=method)

    assert (answer.status, answer.location) == (status, "https://one.test:8443/p?q")
    assert web.requests == before


@pytest.mark.parametrize("host", ["one.test", "www.lonely.test", "www.wild.test", "wild.test"])
def test_other_names_are_served_over_https(www, host):
    assert www.https(host).app == "web"


def test_www_is_served_as_any_other_name_unless_told(edge, authority, domains):
    served = edge(DOMAINS=domains, certificates=[authority.pem(*PEM)])

    assert served.https("www.one.test").app == "web"


@pytest.mark.parametrize("apex", ["one.test", "www.one.test"])
def test_www_leads_to_the_apex_where_one_is_passed_through(edge, web, apex):
    """Whichever of the two it is: in HTTP both are ours to answer."""
    other = {"one.test", "www.one.test"} - {apex}
    apps = [web.described(*other), ("127.0.0.9", {"domains": [apex], "tls": "passthrough"})]
    served = edge(DOMAINS=json.dumps(dict(apps)), WWW_REDIRECT="on")

    assert served.http("www.one.test", "/p").location == "https://one.test/p"


def test_http_is_served_if_told(edge, domains):
    served = edge(DOMAINS=domains, HTTPS_REDIRECT="off", WWW_REDIRECT="on")

    assert served.http("one.test", method="POST", body=b"x").app == "web"
    for method, status in {"GET": 301, "HEAD": 301, "POST": 308}.items():
        answer = served.http("www.one.test", "/p", method=method)
        assert (answer.status, answer.location) == (status, "http://one.test/p")
    assert served.http("www.lonely.test").app == "web"


def test_a_client_may_go_on_using_the_connection(plain):
    with plain.connect("HTTP") as connection:
        statuses = [ask(connection, written("one.test", f"/{number}")).status for number in "12"]

    assert statuses == [301, 301]
