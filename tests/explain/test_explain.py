"""entrykit explain: what each variable is, where it came from, and which lines it sets."""

from __future__ import annotations

import re
from contextlib import chdir
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from explained import read
from image_data.listing import role_images

from entrykit.cli.main import main
from entrykit.discovery.finder import load_role, role_names
from entrykit.explain.reference import variables
from entrykit.explain.tracing import trace
from entrykit.quoting.haproxy import quote_haproxy
from entrykit.variables.secret import Secret

IMAGES = Path(__file__).parents[2] / "images"
SITE = {"DOMAINS": "web:example.com"}
EMPTY = 'file "/dev/null" (HTTP_PORT_FILE, environment) is empty'


@pytest.fixture
def explain(run, tmp_path):
    """The output, with a directory for the files of a test."""

    def explain(*words, environ=SITE):
        with chdir(tmp_path):
            code, out, err = run("explain", *words, environ=environ)
        assert (code, err) == (0, "")
        return out

    return explain


def rows(out):
    """The cells of a table."""
    return [re.split(r" {2,}", line) for line in out.splitlines()]


# sources of values


def test_each_variable_is_reported_with_its_value_and_its_place(explain, tmp_path):
    (tmp_path / "prod.env").write_text("# a comment\nHTTP_PORT=8080\nHTTPS_PORT\nBIND=\n")
    (tmp_path / "user").write_text("viewer\n")
    environ = {"HTTPS_PORT": "8443", "STATS_USER_FILE": str(tmp_path / "user"), "HTTP3": "off"}

    out = explain("--env-file", "prod.env", "-e", "STATS_PORT=8404", environ=SITE | environ)

    table = {row[0]: row[1:3] for row in rows(out)}
    path = tmp_path / "user"
    assert table["DOMAINS"] == ["web:example.com", "environment"]
    assert table["HTTP_PORT"] == ["8080", "prod.env:2"]
    assert table["HTTPS_PORT"] == ["8443", "environment, by prod.env:3"]
    assert table["STATS_PORT"] == ["8404", "-e"]
    assert table["STATS_USER"] == ["viewer", f'file "{path}" (STATS_USER_FILE, environment)']
    assert table["BIND"] == ["not set (prod.env:4: empty)", "haproxy.cfg 4"]
    assert table["HTTP3"] == ["off", "environment"]
    assert table["HEALTH_PORT"] == ["8401", "default"]
    assert table["ADMIN_SOCKET"] == ["not set"]


def test_those_that_are_set_come_first(explain):
    names = [row[0] for row in rows(explain("-e", "METRICS_PORT=1"))]

    assert names[:4] == ["VARIABLE", "DOMAINS", "METRICS_PORT", "HTTP_PORT"]


@pytest.mark.parametrize(
    ("environ", "standing"),
    [
        ({"HTTP_PORT": "tcp://10.0.0.1:80"}, "default (environment: a service link)"),
        ({"HTTP_PORT_FILE": "/dev/null"}, f"default ({EMPTY})"),
        ({"HTTP_PORT": ""}, "default (environment: empty)"),
    ],
    ids=["a service link", "an empty file", "empty"],
)  # fmt: skip
def test_a_setting_without_effect_is_reported_too(environ, standing):
    _, _, origins = read("haproxy", SITE | environ)

    assert origins["HTTP_PORT"].provenance == standing
    assert origins["HTTP_PORT"].value == "80"


def test_a_long_value_is_cut_and_a_hostile_one_is_escaped(explain):
    domains = " ".join(f"app{number}:{number}.example.com" for number in range(99))

    out = explain("-e", "STATS_USER=a\u202eb", environ={"DOMAINS": domains})

    table = {row[0]: row[1] for row in rows(out) if row[1:]}
    assert len(table["DOMAINS"]) < 100
    assert table["STATS_USER"] == '"a\\u202eb"'


# lines


def test_a_variable_is_reported_to_set_its_lines(explain):
    out = explain("HTTP_PORT", "-e", "HTTP_PORT=8080")

    assert [row[-1] for row in rows(out)[-2:]] == ["bind 0.0.0.0:8080", "bind [::]:8080 v6only"]
    assert "  from: -e\n  default: 80\n  Port for HTTP. (port)\n" in out


def test_for_an_unset_variable_an_example_and_its_lines_are_reported(explain):
    out = explain("admin_socket")

    assert "set it with ADMIN_SOCKET=/run/haproxy/admin.sock or ADMIN_SOCKET_FILE=" in out
    assert re.search(r"would add:\n  haproxy\.cfg:\d+ +stats socket /run/haproxy/admin\.sock", out)


def test_a_line_is_explained_by_all_that_make_it(explain):
    """The value itself, and what decides whether the line is there."""
    given = ["-e", "STATS_PORT=8404", "-e", "STATS_PASSWORD=hunter2", "-e", "STATS_USER=me"]
    numbered = explain("haproxy.cfg", *given).splitlines()
    (number,) = [line.split()[1] for line in numbered if "insecure-password" in line]

    out = explain(f"haproxy.cfg:{number}", *given)

    assert out.splitlines()[0] == f"haproxy.cfg:{number}:     user me insecure-password ***"
    assert out.splitlines()[1] == "  in: userlist stats"
    assert {row[1] for row in rows(out)[2:]} == {"STATS_PORT", "STATS_PASSWORD", "STATS_USER"}


def test_the_whole_file_has_its_makers_in_the_margin(explain):
    out = explain("haproxy.cfg", "-e", "TIMEOUT_CLIENT=2m")

    assert re.search(r"^TIMEOUT_CLIENT +\d+ \|     timeout client 2m$", out, re.MULTILINE)
    assert re.search(r"^TIMEOUT_SERVER +\d+ \|     timeout server 1m$", out, re.MULTILINE)
    assert re.search(r"^ +\d+ \|     mode http$", out, re.MULTILINE)
    assert re.search(r"^  TIMEOUT_CLIENT +2m +-e$", out, re.MULTILINE)


@pytest.mark.parametrize(
    "target", ["haproxy.cfg:2", "/usr/local/etc/haproxy/haproxy.cfg:2", "http_port_file"]
)
def test_what_a_message_names_can_be_asked_about(explain, target):
    """In any case, and by the path in CONFIG_DIR; the word may stand before options or after."""
    assert explain(target, "-e", "HTTPS_PORT=1") == explain("-e", "HTTPS_PORT=1", target)


@pytest.mark.parametrize("name", role_names())
def test_every_role_is_explained(name, capsys):
    """Also one whose file is written by a single expression."""
    env = IMAGES / name / "cases" / "minimal" / "env"

    assert main(["entrykit", "explain", name, "--env-file", str(env)], {}) == 0
    assert capsys.readouterr().out.startswith("VARIABLE")


def required(name):
    """The variables that a role requires, with their examples."""
    known = variables(load_role(name).settings)
    needed = {each.name for each in known if each.required} | role_images()[name].trial.keys()
    return [f"{each.name}={each.example}" for each in known if each.name in needed]


@pytest.mark.parametrize("name", role_names())
def test_every_variable_of_every_role_is_explained_and_what_would_set_it_is_another_value(
    name, capsys
):
    """Also one that needs another variable too, or a directory that does not exist."""
    words = [word for each in required(name) for word in ("-e", each)]

    for each in variables(load_role(name).settings):
        assert main(["entrykit", "explain", name, *words, each.name], {}) == 0, each.name
        out = capsys.readouterr().out
        assert f"set it with {each.name}={each.default} or" not in out


@pytest.mark.parametrize(
    ("name", "variable", "lines"),
    [("cf-serverd", "CF_SERVERD_ACL", 3), ("haproxy", "DOMAINS", 12), ("certbot", "DOMAINS", 6),
     ("nginx-static", "DOMAINS", 4)],
)  # fmt: skip
def test_a_variable_that_says_what_the_documentation_says_makes_its_lines(
    name, variable, lines, capsys
):
    words = [word for each in required(name) for word in ("-e", each)]

    main(["entrykit", "explain", name, *words, variable], {})

    out = capsys.readouterr().out
    assert "It sets these lines:" in out
    assert len(out.partition("It sets these lines:\n")[2].splitlines()) >= lines


def test_what_a_role_does_by_itself_as_the_example_says_is_of_that_variable(capsys):
    main(["entrykit", "explain", "registry", "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY"], {})

    assert "rootdirectory: " in capsys.readouterr().out.partition("these lines:\n")[2]


def makers(name, **environ):
    """The variables that are reported to set some line."""
    found = trace(*read(name, environ))
    return {each for file in found.values() for names in file.variables for each in names}


def test_what_would_replace_a_whole_file_makes_its_lines_only_where_it_is_set():
    acl = {"CF_SERVERD_ACL": "10.1.0.0/16"}

    assert makers("cf-serverd", **acl) & {"PROMISES", "MPF"} == set()
    assert makers("cf-serverd", **acl, MPF="on") >= {"MPF", "CF_SERVERD_ACL"}
    assert makers("cf-serverd", PROMISES="body common control\n{\n}\n") == {"PROMISES"}


# secrets

SECRETS = ["hunter2", "it's", 'say "hi" #1', "pässwörd $HOME", "a b"]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("target", [[], ["STATS_PASSWORD"], ["haproxy.cfg"], ["STATS_USER"]])
def test_a_secret_is_shown_nowhere_also_not_as_the_format_quotes_it(explain, secret, target):
    out = explain(*target, "-e", "STATS_PORT=8404", "-e", f"STATS_PASSWORD={secret}")

    assert secret not in out
    assert quote_haproxy(secret) not in out
    assert "***" in out


def test_a_line_made_of_a_secret_is_hidden_also_where_it_does_not_show_it_as_it_is():
    """A hash of it is not found by the secret's text, but by what it does to the line."""

    def hashed(value):
        text = value.reveal().encode() if isinstance(value, Secret) else b""
        return sha256(text).hexdigest() if text else quote_haproxy(value)

    role, settings, origins = read("haproxy", SITE | {"STATS_PORT": "1", "STATS_PASSWORD": "x1y2"})
    files = replace(role.files, quoting=role.files.quoting | {".cfg": hashed})
    hashing = replace(role, files=files)

    lines = trace(hashing, settings, origins)["haproxy.cfg"].lines

    assert any(line.endswith(" insecure-password ***") for line in lines)
    assert sha256(b"x1y2").hexdigest() not in "".join(lines)


def test_raw_lines_are_masked_and_known_as_their_variables(explain):
    out = explain("haproxy.cfg", "-e", "HAPROXY_EXTRA_GLOBAL=    setenv TOKEN abc123")

    assert "abc123" not in out
    assert re.search(r"^HAPROXY_EXTRA_GLOBAL +\d+ \|     \*\*\*$", out, re.MULTILINE)


# errors


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("DOMIANS", 'unknown variable or file "DOMIANS"; did you mean DOMAINS?'),
        ("haproxy.cgf:3", "; did you mean haproxy.cfg:3?"),
        ("x", "`entrykit env haproxy` lists the variables; files: hosts.map, sni.map"),
        ("", 'unknown variable or file "" (`entrykit env'),
        ("haproxy.cfg:", 'haproxy.cfg:"": no such line (expected 1 to'),
        ("haproxy.cfg:0", 'haproxy.cfg:"0": no such line (expected 1 to'),
        ("haproxy.cfg:99999", 'haproxy.cfg:"99999": no such line (expected 1 to'),
        ("haproxy.cfg:²", "no such line (expected 1 to"),
        ("haproxy.cfg:1:2", "no such line (expected 1 to"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_usage_error_with_the_nearest(run, target, said):
    code, out, err = run("explain", target, environ=SITE)

    assert (code, out) == (64, "")
    assert said in err


def test_bad_variables_are_reported_as_everywhere(run):
    code, out, err = run("explain", environ={"DOMAINS": "web", "HTTP_PORT": "x"})

    assert (code, out) == (78, "")
    assert len(err.splitlines()) == 2


@pytest.mark.parametrize("words", [["--graph", "HTTP_PORT"], ["HTTP_PORT", "--graph"],
                                   ["--graph=png"]])  # fmt: skip
def test_a_drawing_is_of_the_whole_role(run, words):
    code, out, _ = run("explain", *words, environ=SITE)

    assert (code, out) == (64, "")
