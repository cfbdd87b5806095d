"""Names that were probably meant otherwise are a warning; what an engine sets by itself is not."""

from __future__ import annotations

import pytest
from programs import entrykit

from entrykit.discovery.finder import load_role
from entrykit.display import display
from entrykit.variables.reading import read

NAMES = ["DOMAINS", "HTTP_PORT", "HTTPS_PORT", "BIND", "STATS_PASSWORD"]
HAPROXY = [name.upper() for name in load_role("haproxy").settings.model_fields]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("DOMIANS", "DOMAINS"), ("DOMAIN", "DOMAINS"), ("DOMAINSS", "DOMAINS"),
        ("DOMAINZ", "DOMAINS"), ("domains", "DOMAINS"), ("Domains", "DOMAINS"),
        ("HTTP_PROT", "HTTP_PORT"), ("http_port", "HTTP_PORT"), ("HTTP_PORTS", "HTTP_PORT"),
        ("STATS_PASWORD", "STATS_PASSWORD"), ("STATS_PASSWORD_FIEL", "STATS_PASSWORD_FILE"),
        ("DOMAINS_FLE", "DOMAINS_FILE"), ("BINDS", "BIND"),
    ],
)  # fmt: skip
def test_a_slip_is_a_warning_with_the_name_that_was_meant(name, meant):
    """One letter missing, added or wrong, or two swapped, in any case."""
    reading = read({name: "x"}, NAMES)

    assert reading.warnings == [f"{name}: no such variable; did you mean {meant}?"]
    assert (reading.values, reading.errors) == ({}, {})


def test_a_name_that_is_far_too_long_takes_no_time(tmp_path):
    """All that one missing letter makes of it would be a terabyte: it would not end."""
    path = tmp_path / "env"
    path.write_text(f"{'X' * 1_000_000}=y\nDOMAINS=web:example.com\n")

    done = entrykit("render", "haproxy", "--env-file", path, environ={})

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["DOMAINS\x1b", "DOMAINS\n", "DOMAINS ", "DOMAINS\udcff"])
def test_a_hostile_name_harms_no_terminal(name):
    (warning,) = read({name: "x"}, NAMES).warnings

    assert warning == f"{display(name)}: no such variable; did you mean DOMAINS?"
    assert warning.isprintable()


USUAL = """
    PATH HOME USER LOGNAME SHELL TERM LANG LC_ALL LC_CTYPE TZ PWD OLDPWD SHLVL HOSTNAME _ DISPLAY
    EDITOR MAIL TMPDIR DEBIAN_FRONTEND NO_COLOR FORCE_COLOR CI PORT HOST IMAGE VERSION container
    HAPROXY_VERSION HAPROXY_URL HAPROXY_SHA256 HAPROXY_BRANCH HAPROXY_MWORKER HAPROXY_CFGFILES
    HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy ALL_PROXY SSL_CERT_FILE
    SSL_CERT_DIR PYTHONUNBUFFERED PYTHONPATH PIP_NO_CACHE_DIR NOTIFY_SOCKET LISTEN_FDS
    JOURNAL_STREAM INVOCATION_ID KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT
    KUBERNETES_SERVICE_PORT_HTTPS KUBERNETES_PORT KUBERNETES_PORT_443_TCP
    KUBERNETES_PORT_443_TCP_ADDR POD_NAME POD_NAMESPACE NODE_NAME AWS_REGION
    GOOGLE_APPLICATION_CREDENTIALS DOCKER_HOST COMPOSE_PROJECT_NAME
""".split()  # noqa: SIM905 -- a list of that many strings is no table to read


@pytest.mark.parametrize("name", USUAL)
def test_what_is_usually_set_is_never_taken_for_a_slip(name):
    assert read({name: "x"}, HAPROXY).warnings == []


def test_no_variable_is_taken_for_a_slip_of_another():
    """Nor a file's: a short name is close to many."""
    known = [name for variable in HAPROXY for name in (variable, f"{variable}_FILE")]

    assert [name for name in known if read({name: ""}, HAPROXY).warnings] == []


@pytest.mark.parametrize(
    "value", ["tcp://10.0.0.1:80", "udp://10.0.0.1:53", "tcp://[fd00::1]:80", "sctp://a:1"]
)
def test_a_service_link_is_never_taken_for_a_setting(value):
    """A service named `http` puts it into every pod beside it."""
    reading = read({"HTTP_PORT": value}, NAMES)

    assert (reading.values, reading.errors) == ({}, {})
    said = f'HTTP_PORT: "{value}" is a service link and not a setting: ignored'
    assert reading.warnings == [said]


@pytest.mark.parametrize(
    "name",
    ["HTTP_PORT_80_TCP", "HTTP_PORT_80_TCP_ADDR", "HTTP_SERVICE_HOST", "HTTP_SERVICE_PORT",
     "HTTP_SERVICE_PORT_HTTP", "DOMAINS_PORT"],
)  # fmt: skip
def test_what_comes_with_a_service_link_is_no_slip(name):
    value = "tcp://10.0.0.1:80" if name.endswith("S_PORT") else "10.0.0.1"

    assert read({name: value}, NAMES).warnings == []


def test_a_link_gives_way_to_the_file(tmp_path):
    (tmp_path / "port").write_text("81\n")
    environ = {"HTTP_PORT": "tcp://10.0.0.1:80", "HTTP_PORT_FILE": str(tmp_path / "port")}

    assert read(environ, NAMES).values == {"HTTP_PORT": "81"}


@pytest.mark.parametrize("value", ["8080", "tcp://10.0.0.1", "http://10.0.0.1:80", "tcp:80"])
def test_other_values_of_a_port_are_for_the_port_to_judge(value):
    assert read({"HTTP_PORT": value}, NAMES).values == {"HTTP_PORT": value}
