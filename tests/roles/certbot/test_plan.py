"""keeper.conf: what the keeper reads is what the variables say."""

from __future__ import annotations

import subprocess
import sys

import pytest

import entrykit
from entrykit.roles.certbot.plan import Group, Plan, read_plan


@pytest.fixture
def planned(tmp_path):
    """From variables to a plan, by way of the file."""

    def plan(domains="web:example.com", **environ):
        files = entrykit.render("certbot", {"DOMAINS": domains, **environ})
        (tmp_path / "keeper.conf").write_bytes(files["keeper.conf"].octets)
        return read_plan(str(tmp_path / "keeper.conf"))

    return plan


def groups(plan):
    return {group.name: group.names for group in plan.groups}


def test_the_plan_is_what_the_variables_say(planned):
    plan = planned(
        ACME_CA_BUNDLE="/ca.pem",
        CERTS_DIR="/certs",
        ADMIN_SOCKET="/run/admin.sock",
        RENEW_INTERVAL="1h",
        HAPROXY_WAIT="1m",
        HAPROXY_URL="http://edge:8080/",
        PRUNE="delete",
        ACME_STAGING="on",
    )

    assert plan == Plan(
        config_dir="/etc/letsencrypt",
        work_dir="/var/lib/letsencrypt",
        logs_dir="/var/log/letsencrypt",
        ini="/etc/letsencrypt/entrykit.ini",
        certbot=(5, 5, 0),
        ca_bundle="/ca.pem",
        groups=(Group("web", ("example.com",)),),
        challenge="standalone",
        port=8080,
        certs_dir="/certs",
        certs_group=99,
        admin_socket="/run/admin.sock",
        master_socket=None,
        haproxy_url="http://edge:8080",
        haproxy_container=None,
        renew_interval=3600,
        prune=True,
        wait=60,
        thumbprint_file=None,
        server="https://acme-staging-v02.api.letsencrypt.org/directory",
    )


def test_names_and_paths_come_through_as_they_are(planned):
    odd = "/srv/ü \"'\\ $x # \u2028"

    assert planned(CERTS_DIR=odd).certs_dir == odd


@pytest.mark.parametrize(
    ("environ", "challenge"),
    [
        ({}, "standalone"),
        ({"CHALLENGE": "stateless"}, "stateless"),
        ({"DNS_PLUGIN": "route53"}, "dns"),
    ],
)
def test_a_dns_plugin_is_a_challenge_of_its_own(planned, environ, challenge):
    assert planned(**environ).challenge == challenge


def test_an_app_on_two_ports_has_one_certificate(planned):
    plan = planned("api:9000:api.example.com web:example.com api:9001:admin.example.com")

    assert groups(plan) == {
        "api": ("api.example.com", "admin.example.com"),
        "web": ("example.com",),
    }


def test_an_app_that_ends_tls_on_one_port_only_has_a_certificate_for_that(planned):
    plan = planned(
        '{"api": {"port": 9000, "domains": "api.example.com"},'
        ' "api:9443": {"domains": "raw.example.com", "tls": "passthrough"}}'
    )

    assert groups(plan) == {"api": ("api.example.com",)}


def test_a_list_is_one_certificate_named_after_its_first_domain(planned):
    assert groups(planned("example.com example.org")) == {
        "example.com": ("example.com", "example.org")
    }


def test_no_two_names_share_a_file(planned):
    """Neither with one another, nor with what certbot has there, nor with what is no file name."""
    domains = "example.com,*.example.com"
    plan = planned(
        f"web:{domains} README:a.test [::1]:b.test [2001:db8::1]:c.test",
        CERT_PER="app",
        DNS_PLUGIN="x",
    )
    names = [*groups(plan), *groups(planned(f"web:{domains}", CERT_PER="domain", DNS_PLUGIN="x"))]

    assert names == ["web", "+README", "++1", "2001+db8++1", "example.com", "+.example.com"]


def test_registered_domains_are_those_of_the_public_suffix_list(planned):
    plan = planned(
        "web:a.example.co.uk,me.github.io api:b.example.co.uk,you.github.io,github.io",
        CERT_PER="registered-domain",
    )

    assert groups(plan) == {
        "example.co.uk": ("a.example.co.uk", "b.example.co.uk"),
        "me.github.io": ("me.github.io",),
        "you.github.io": ("you.github.io",),
        "github.io": ("github.io",),
    }


@pytest.mark.parametrize("per", ["app", "domain", "registered-domain"])
def test_ten_thousand_domains_are_planned(planned, per):
    plan = planned("web:" + ",".join(f"{n}.example.com" for n in range(10_000)), CERT_PER=per)

    assert sum(len(group.names) for group in plan.groups) == 10_000


@pytest.mark.parametrize(
    "text", ["", "mark\n", "mark\n{", "mark\n[]", "mark\n{}", 'mark\n{"groups": {}, "certbot": []}']
)
def test_what_is_no_plan_is_refused_with_its_path(tmp_path, text):
    path = tmp_path / "keeper.conf"
    path.write_text(text)

    with pytest.raises(ValueError, match=f"{path}: not a plan"):
        read_plan(str(path))


def test_no_secret_is_in_the_plan():
    files = entrykit.render(
        "certbot", {"DOMAINS": "example.com", "EAB_KID": "kid", "EAB_HMAC_KEY": "c2VjcmV0"}
    )

    assert "c2VjcmV0" in files["entrykit.ini"].text
    assert files["entrykit.ini"].mode == 0o640
    assert "c2VjcmV0" not in files["keeper.conf"].text


@pytest.mark.parametrize("module", ["plan", "keeper", "deploy"])
def test_what_runs_for_months_imports_neither_models_nor_templates(module):
    script = (
        f"import sys, entrykit.roles.certbot.{module}\n"
        "print({'pydantic', 'jinja2', 'yaml'} & sys.modules.keys())"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout == "set()\n"
