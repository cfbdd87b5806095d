"""Short names of variables beside the documented ones."""

from __future__ import annotations

import json

import pytest

from entrykit import render
from entrykit.cli.main import main
from entrykit.discovery.finder import load_role
from entrykit.errors import SettingsError
from entrykit.explain.reference import variables
from entrykit.variables.metadata import aliases
from entrykit.variables.reading import read

ALIASES = {"ACME_PORT": ("PORT", "P_PORT")}
ROLES = ("certbot", "cf-serverd", "haproxy", "nginx-static", "registry")


def settings(role, **environ):
    warnings = []
    return load_role(role).settings.from_environ(environ, warnings.append), warnings


def test_what_an_alias_sets_is_filed_under_the_name():
    reading = read({"PORT": "81"}, ["ACME_PORT"], ALIASES)

    assert reading.values == {"ACME_PORT": "81"}
    assert reading.aliases == {"ACME_PORT": "PORT"}
    assert not reading.warnings


def test_an_alias_can_be_given_as_a_file(tmp_path):
    (tmp_path / "port").write_text("81\n")

    reading = read({"PORT_FILE": str(tmp_path / "port")}, ["ACME_PORT"], ALIASES)

    assert reading.values == {"ACME_PORT": "81"}
    assert reading.files == {"ACME_PORT": str(tmp_path / "port")}


@pytest.mark.parametrize("name", ["ACME_PORT", "ACME_PORT_FILE"])
@pytest.mark.parametrize("alias", ["PORT", "PORT_FILE", "P_PORT"])
def test_both_set_is_an_error_that_names_both(name, alias):
    """Even with the same value: which of them is meant is not for us to guess."""
    reading = read({name: "81", alias: "81"}, ["ACME_PORT"], ALIASES)

    (message,) = reading.errors.values()
    assert message.startswith("ACME_PORT: ")
    assert alias.removesuffix("_FILE") in message


@pytest.mark.parametrize("value", ["", "tcp://10.0.0.1:80"])
def test_an_empty_variable_and_a_service_link_are_not_set(value):
    reading = read({"ACME_PORT": "81", "P_PORT": value}, ["ACME_PORT"], ALIASES)

    assert reading.values == {"ACME_PORT": "81"}


def test_an_error_begins_with_the_name_that_was_set(tmp_path):
    file = tmp_path / "headers"
    file.write_text("[]")

    with pytest.raises(SettingsError) as caught:
        settings("nginx-static", DOMAINS="a.test", LOGS="syslog", HEADERS_FILE=str(file))

    names = [line.partition(":")[0] for line in str(caught.value).splitlines()]
    assert names == ["HEADERS", "LOGS"]


def test_so_does_a_conflict():
    with pytest.raises(SettingsError, match=r"^TEST and ACME_SERVER are both set"):
        render("certbot", {"DOMAINS": "a.test", "TEST": "on", "ACME_SERVER": "https://ca.test/dir"})


def test_a_typo_of_an_alias_is_a_near_miss():
    _, warnings = settings("certbot", DOMAINS="a.test", STAGNG="on")

    assert warnings == ["STAGNG: no such variable; did you mean STAGING?"]


@pytest.mark.parametrize("role", ROLES)
def test_no_alias_is_the_name_of_another_variable(role):
    model = load_role(role).settings
    names = [name.upper() for name in model.model_fields]
    known = [*names, *(each for some in aliases(model.model_fields).values() for each in some)]

    assert len(known) == len({*known})


@pytest.mark.parametrize("role", ROLES)
def test_no_documented_name_is_one_that_platforms_set(role):
    documented = {each.name for each in variables(load_role(role).settings)}

    assert not documented & {
        "PORT",
        "HOST",
        "TEST",
        "STAGING",
        "APP",
        "HEADERS",
        "LOGS",
        "REPLICAS",
    }


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_the_reference_has_the_aliases(form, capsys):
    assert main(["entrykit", "env", "certbot", "--format", form], {}) == 0

    assert "Also read as STAGING and TEST." in " ".join(capsys.readouterr().out.split())


def test_the_schema_has_them_as_deprecated(capsys):
    assert main(["entrykit", "env", "certbot", "--format", "json-schema"], {}) == 0

    found = json.loads(capsys.readouterr().out)["properties"]
    assert found["PORT"]["deprecated"] is True
    assert found["PORT"]["description"] == "Another name of ACME_PORT."
    assert {"PORT_FILE", "ACME_PORT_FILE"} <= found.keys()


@pytest.mark.parametrize("target", ["nginx_app", "APP"])
def test_explain_finds_a_variable_by_either_name_and_says_which_is_set(target, capsys):
    environ = {"DOMAINS": "web:a.test", "APP": "web"}

    assert main(["entrykit", "explain", "nginx-static", target], environ) == 0

    out = capsys.readouterr().out
    assert out.startswith("NGINX_APP: web\n  from: environment, as APP\n")
