"""`entrykit env`: every variable of a role, for people and for programs."""

from __future__ import annotations

import json
import re

import pytest
from jsonschema import Draft202012Validator

from entrykit.cli.main import main
from entrykit.discovery.finder import load_role, role_names
from entrykit.explain.reference import FORMATS, describe, variables
from entrykit.variables.env_files import overlay
from entrykit.variables.types import TypeInfo

ROLE = load_role("haproxy")
NAMES = [name.upper() for name in ROLE.settings.model_fields]
SHARED = ["CONFIG_DIR", "ENTRYKIT_CHECK", "ENTRYKIT_OVERWRITE", "ENTRYKIT_UPSTREAM",
          "ENTRYKIT_TEMPLATES", "ENTRYKIT_WAIT", "ENTRYKIT_WAIT_TIMEOUT",
          "ENTRYKIT_LOG_FORMAT"]  # fmt: skip


@pytest.fixture(scope="module")
def validator():
    schema = json.loads(describe(ROLE, "json-schema"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", role_names())
def test_every_variable_of_every_role_is_in_every_format(capsys, name, form):
    assert main(["entrykit", "env", name, "--format", form], {}) == 0

    out = capsys.readouterr().out
    known = [field.upper() for field in load_role(name).settings.model_fields]
    assert [field for field in known if not re.search(rf"\b{field}\b", out)] == []


def test_text_is_the_default(capsys):
    main(["entrykit", "env", "haproxy"], {})

    assert capsys.readouterr().out == describe(ROLE, "text")


def test_the_roles_own_variables_come_first():
    names = [variable.name for variable in variables(ROLE.settings)]

    assert names[0] == "DOMAINS"
    assert names[-len(SHARED) :] == SHARED
    assert sorted(names) == sorted(NAMES)


@pytest.mark.parametrize("variable", variables(ROLE.settings), ids=lambda each: each.name)
def test_every_variable_says_what_it_is(variable):
    """A kind, a meaning that is a sentence, and an example where nothing else shows one."""
    assert isinstance(variable.kind, TypeInfo)
    assert re.fullmatch(r"[A-Z`].*[^ ]\.|[a-z][a-z-]+ .*\.", variable.meaning, re.DOTALL)
    assert "\n" not in variable.meaning
    shown = variable.default or variable.example or variable.kind.secret
    assert shown, "no default and no example"


@pytest.mark.parametrize("variable", variables(ROLE.settings), ids=lambda each: each.name)
def test_every_default_and_every_example_is_what_the_model_takes(variable):
    """The documentation shows what works."""
    for text in filter(None, (variable.default, variable.example)):
        environ = {"DOMAINS": "web:example.com", "STATS_PORT": "8499", variable.name: text}
        ROLE.settings.from_environ(environ, warn=pytest.fail)


# markdown


def rows(markdown):
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_markdown_is_a_table_with_a_row_for_each_variable():
    table = rows(describe(ROLE, "markdown"))

    assert table[0] == ["Variable", "Type", "Default", "Meaning"]
    assert table[1] == ["---"] * 4
    assert [len(row) for row in table] == [4] * len(table)
    assert [row[0] for row in table[2:]] == [f"`{each.name}`" for each in variables(ROLE.settings)]
    assert table[2][2] == "**required**"
    assert dict(zip([row[0] for row in table], [row[2] for row in table], strict=True)).items() >= {
        "`HTTP_PORT`": "`80`", "`HTTPS_REDIRECT`": "`on`", "`STATS_PORT`": "",
    }.items()  # fmt: skip


# dotenv


def test_dotenv_is_a_file_for_env_file(tmp_path, capsys):
    """What is required is set to its example, all the rest is commented: it works as it is."""
    path = tmp_path / "env"
    path.write_text(describe(ROLE, "dotenv"))

    assert list(overlay({}, [str(path)], [])) == ["DOMAINS"]
    assert main(["entrykit", "render", "haproxy", "--no-env", "--env-file", str(path)], {}) == 0
    assert capsys.readouterr().err == ""


def test_dotenv_shows_the_default_of_every_variable():
    """Without the comment signs it says the same as a file without them."""
    lines = re.findall(r"^#?([A-Z0-9_]+)=(.*)$", describe(ROLE, "dotenv"), re.MULTILINE)

    assert dict(lines) == {
        each.name: each.default or each.example or "" for each in variables(ROLE.settings)
    }


# json-schema

GOOD = [
    {"DOMAINS": "web:example.com"},
    {"DOMAINS_FILE": "/run/secrets/domains"},
    {"DOMAINS": "web:example.com", "HTTP_PORT": "8080", "HTTP3": "off", "BIND": "::1"},
    {"DOMAINS": "web:example.com", "HTTP_PORT": 8080, "HTTP3": True, "HSTS_MAX_AGE": 0},
    {"DOMAINS": "web:example.com", "TLS_PROFILE": "modern", "LOG_FORMAT": "json"},
    {"DOMAINS": "web:example.com", "TIMEOUT_CLIENT": "500ms", "CERTS_DIR": "/certs"},
    {"DOMAINS": "web:example.com", "STATS_PASSWORD_FILE": "/p", "PATH": "/bin"},
]
BAD = [
    ({}, "DOMAINS"),
    ({"DOMAINS": "web:example.com", "DOMAINS_FILE": "/x"}, "DOMAINS"),
    ({"HTTP_PORT": "0"}, "HTTP_PORT"),
    ({"HTTP_PORT": 65536}, "HTTP_PORT"),
    ({"HTTP_PORT": "http"}, "HTTP_PORT"),
    ({"HTTP3": "maybe"}, "HTTP3"),
    ({"TLS_PROFILE": "old"}, "TLS_PROFILE"),
    ({"TIMEOUT_CLIENT": "5"}, "TIMEOUT_CLIENT"),
    ({"CERTS_DIR": "certs"}, "CERTS_DIR"),
    ({"STATS_USER": "a\nb"}, "STATS_USER"),
    ({"HSTS_MAX_AGE": "-1"}, "HSTS_MAX_AGE"),
    ({"ACME_BACKEND": "certbot"}, "ACME_BACKEND"),
    ({"ACME_THUMBPRINT": "short"}, "ACME_THUMBPRINT"),
    ({"HTTP_PORT": "65536"}, "HTTP_PORT"),
    ({"HTTP_PORT": "99999"}, "HTTP_PORT"),
    ({"HAPROXY_MAXCONN": 1_000_000_000}, "HAPROXY_MAXCONN"),
    ({"HSTS_MAX_AGE": "99999999999"}, "HSTS_MAX_AGE"),
    ({"ADMIN_SOCKET": "/run/"}, "ADMIN_SOCKET"),
    ({"HAPROXY_MAXCONN": "many"}, "HAPROXY_MAXCONN"),
]


@pytest.mark.parametrize("good", GOOD, ids=str)
def test_the_schema_accepts_what_entrykit_accepts(validator, good):
    """As the texts that they are in the end, or as YAML of an engine may have them."""
    assert [error.message for error in validator.iter_errors(good)] == []


@pytest.mark.parametrize(("bad", "name"), BAD, ids=str)
def test_the_schema_refuses_what_entrykit_refuses(validator, bad, name):
    given = bad if name == "DOMAINS" else {"DOMAINS": "web:example.com"} | bad

    (error,) = validator.iter_errors(given)

    assert name in str(error.json_path if name != "DOMAINS" else error.schema)


def test_the_schema_accepts_every_default_and_every_example(validator):
    shown = {each.name: each.example or each.default for each in variables(ROLE.settings)}

    given = {name: text for name, text in shown.items() if text is not None}
    assert [error.message for error in validator.iter_errors(given)] == []


def test_the_schema_has_each_variable_with_its_meaning_and_its_file(validator):
    properties = validator.schema["properties"]

    assert sorted(properties) == sorted([*NAMES, *(f"{name}_FILE" for name in NAMES)])
    for each in variables(ROLE.settings):
        described = properties[each.name]
        assert described["description"] == each.meaning
        assert described.get("default") == each.default
        assert described.get("writeOnly", False) == each.kind.secret
