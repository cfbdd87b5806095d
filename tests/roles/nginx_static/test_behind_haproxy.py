"""One DOMAINS for HAProxy in front and for nginx behind it."""

from __future__ import annotations

import json

import pytest
from haproxy.authority import Authority
from haproxy.edge import Edges
from haproxy.polling import eventually
from haproxy.ports import free_port

pytestmark = pytest.mark.versions

FILES = {
    "one.test/index.html": "one",
    "one.test/sub/index.html": "sub",
    "two.test/index.html": "two",
    "*.wild.test/index.html": "wild",
}


@pytest.fixture(scope="module")
def domains():
    """The same text for both; the app is at an address, as there is no DNS here."""
    names = {"one.test": {}, "www.one.test": {}, "two.test": {"spa": True}, "*.wild.test": None}
    other = {"domains": ["other.test"]}
    return json.dumps({f"127.0.0.1:{free_port()}": {"domains": names}, "127.0.0.9": other})


@pytest.fixture(scope="module")
def site(shared_web, domains):
    app = next(iter(json.loads(domains)))
    return shared_web(
        FILES,
        DOMAINS=domains,
        NGINX_APP=app,
        HTTP_PORT=app.partition(":")[2],
        TRUSTED_PROXIES="127.0.0.1",
        NGINX_LOGS="json",
    )


@pytest.fixture(scope="module")
def edge(site, domains, tmp_path_factory, search_path, evidence):
    authority = Authority()
    pem = authority.pem("one.test", "www.one.test", "two.test", "*.wild.test")
    folder = tmp_path_factory.mktemp("edge")
    with Edges(folder, authority, search_path, evidence) as edges:
        served = edges(DOMAINS=domains, certificates=[pem])
        eventually(lambda: served.https("one.test").status == site.get("one.test").status)
        yield served


@pytest.mark.parametrize(
    ("host", "path", "text"),
    [
        ("one.test", "/", b"one"),
        ("two.test", "/any/path", b"two"),
        ("a.wild.test", "/", b"wild"),
    ],
)
def test_each_domain_is_served_over_https(edge, host, path, text):
    answer = edge.https(host, path)

    assert (answer.status, answer.body) == (200, text)


def test_www_leads_to_the_domain_in_one_hop(edge):
    answer = edge.https("www.one.test", "/p?q")

    assert (answer.status, answer.location) == (301, "https://one.test/p?q")


def test_the_redirect_to_a_folder_has_no_inner_port(edge):
    assert edge.https("one.test", "/sub").location == "/sub/"


def test_the_log_has_the_clients_address(edge, site):
    """And not one that the client has made up."""
    headers = [("X-Forwarded-For", "6.6.6.6")]
    edge.https("one.test", "/logged", source="127.0.0.5", headers=headers)
    lines = lambda: [  # noqa: E731 -- asked again until the line is there
        entry for entry in map(json.loads, site.access_log) if entry["uri"] == "/logged"
    ]

    assert eventually(lines)[-1]["client"] == "127.0.0.5"
