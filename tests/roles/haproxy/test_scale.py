"""Many domains: 10,000 of them over 100 apps, more than fits into one variable."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.versions

APPS, EACH = 100, 100


@pytest.fixture(scope="module")
def many(shared_edge, tmp_path_factory, authority, web, api):
    """The first app and the last are there; those between are not."""
    apps = [web.address, *(f"127.0.1.{number}" for number in range(2, APPS)), api.address]
    entries = [
        f"{app}:{','.join(name(number * EACH + each) for each in range(EACH))}"
        for number, app in enumerate(apps)
    ]
    path = tmp_path_factory.mktemp("many") / "domains"
    path.write_text("\n".join(entries))
    assert path.stat().st_size > 128 * 1024
    return shared_edge(
        DOMAINS_FILE=str(path), HTTPS_REDIRECT="off", certificates=[authority.pem("*.many.test")]
    )


def name(number):
    return f"domain-number-{number}.many.test"


@pytest.mark.parametrize(
    ("number", "app"), [(0, "web"), (99, "web"), (9_900, "api"), (9_999, "api")]
)
def test_each_domain_reaches_its_app(many, number, app):
    assert many.http(name(number)).app == app
    assert many.https(name(number)).app == app


def test_a_domain_in_the_middle_is_known(many):
    """Its app is not there."""
    assert many.http(name(5_000)).status == 503


@pytest.mark.parametrize("host", [name(10_000), "many.test"])
def test_an_unknown_host_is_still_unknown(many, host):
    assert many.http(host).status == 421


def test_http_2_is_answered_too(many):
    with many.h2(name(0)) as get:
        assert get(name(9_999)).json()["app"] == "api"
