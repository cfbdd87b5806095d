"""The daemon's opinion of what is rendered: no warning, from any folder."""

from __future__ import annotations

import json
import subprocess

import pytest
from haproxy.edge import PROGRAM

pytestmark = pytest.mark.versions

# What only HAProxy 3 has to say, and not of the files.
MISSING = "no SSL certificate specified"

MIXED = json.dumps(
    {
        "web": ["example.com", "www.example.com", "*.example.org"],
        "api": {"port": 9000, "domains": ["api.example.com"], "replicas": 3, "check": "/healthz"},
        "vault": {"domains": ["vault.example.com", "*.vault.example.com"], "tls": "passthrough"},
    }
)
EVERYTHING = {
    "DOMAINS": MIXED,
    "ACCEPT_PROXY": "on",
    "TRUSTED_PROXIES": "10.0.0.0/8,2001:db8::/32",
    "WWW_REDIRECT": "on",
    "PUBLIC_HTTPS_PORT": "8443",
    "HSTS_MAX_AGE": "63072000",
    "LOG_FORMAT": "json",
    "STATS_PORT": "8405",
    "STATS_PASSWORD": "secret",
    "METRICS_PORT": "8406",
    "HAPROXY_MAXCONN": "1000",
}
CASES = {
    "DOMAINS alone": {"DOMAINS": "web:example.com api:9000:api.example.com"},
    "passthrough": {"DOMAINS": MIXED},
    "everything": EVERYTHING,
    "everything with a thumbprint": EVERYTHING | {"ACME_THUMBPRINT": "x" * 43},
    "everything without redirect": EVERYTHING | {"HTTPS_REDIRECT": "off"},
    "modern": {"DOMAINS": "web:example.com", "TLS_PROFILE": "modern"},
    "from all proxies": {"DOMAINS": MIXED, "ACCEPT_PROXY": "on"},
}


@pytest.fixture
def rendered(tmp_path, search_path):
    """Write the files for some variables into a folder, and say what HAProxy says of it."""

    def judged(variables, pem=None):
        certs = tmp_path / "certs"
        certs.mkdir()
        if pem:
            (certs / "example.pem").write_bytes(pem)
        environ = {"PATH": search_path, "CERTS_DIR": str(certs)} | variables
        subprocess.run(
            [PROGRAM, "render", "haproxy", "-o", tmp_path / "out"], env=environ, check=True
        )
        judge = ["haproxy", "-c", "-f", tmp_path / "out" / "haproxy.cfg"]
        return subprocess.run(
            judge, env=environ, cwd="/", capture_output=True, text=True, check=False
        )

    return judged


@pytest.mark.parametrize("variables", CASES.values(), ids=CASES)
def test_haproxy_has_nothing_to_say(rendered, authority, variables):
    verdict = rendered(variables, authority.pem("example.com"))

    assert verdict.returncode == 0, verdict.stderr
    assert complaints(verdict) == []


@pytest.mark.parametrize("variables", CASES.values(), ids=CASES)
def test_without_certificates_it_says_just_that(rendered, variables):
    verdict = rendered(variables)

    assert verdict.returncode == 0, verdict.stderr
    assert [line for line in complaints(verdict) if MISSING not in line] == []


def complaints(verdict):
    lines = (verdict.stdout + verdict.stderr).splitlines()
    return [line for line in lines if "[WARNING]" in line or "[ALERT]" in line]
