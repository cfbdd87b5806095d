"""`render_role`, `assert_settings_error`, and what a file says of itself."""

from __future__ import annotations

import os
import warnings

import pytest
from programs import under_test
from small import small_role, with_daemon

from entrykit import CheckError, SettingsError, UsageError
from entrykit.testing import VariablesWarning, assert_settings_error, render_role
from entrykit.testing.daemons import describe_missing
from entrykit.testing.files import RenderedFile

SITE = {"DOMAINS": "web:example.com"}
PASSWORD = {"STATS_PORT": "8405", "STATS_PASSWORD": "hunter2"}


def test_variables_are_keywords_or_a_dict_or_both():
    by_words = render_role("haproxy", DOMAINS="web:example.com", HTTP_PORT="81")
    by_dict = render_role("haproxy", SITE | {"HTTP_PORT": "81"})
    by_both = render_role("haproxy", SITE | {"HTTP_PORT": "82"}, HTTP_PORT="81")

    texts = [[file.text for file in files.values()] for files in (by_words, by_dict, by_both)]
    assert texts[0] == texts[1] == texts[2]
    assert [bind.words[0] for bind in by_words["haproxy.cfg"].section("frontend http").directives(
        "bind")] == ["0.0.0.0:81", "[::]:81"]  # fmt: skip


def test_files_come_with_their_modes_and_in_their_order():
    files = render_role("haproxy", SITE | PASSWORD)

    assert [*files] == ["hosts.map", "sni.map", "haproxy.cfg"]
    assert [file.mode for file in files.values()] == [0o644, 0o644, 0o640]


def test_a_file_that_is_not_there_fails_with_those_that_are():
    with pytest.raises(KeyError, match=r"no file haproxy.conf \(files: hosts.map, sni.map, ha"):
        render_role("haproxy", SITE)["haproxy.conf"]


def test_a_secret_is_in_the_text_and_not_in_what_a_failed_assertion_shows_of_a_file():
    files = render_role("haproxy", SITE | PASSWORD)
    cfg = files["haproxy.cfg"]

    assert "hunter2" in cfg.text
    assert "hunter2" not in f"{files!r} {cfg!r} {cfg.content!r} {cfg.sections('userlist')!r}"


def test_a_file_of_another_format_has_no_sections():
    with pytest.raises(
        AssertionError, match=r"hosts.map is neither a haproxy.cfg nor an nginx.con"
    ):
        render_role("haproxy", SITE)["hosts.map"].section("global")


def file_with(text):
    """A file of a role for tests."""
    return RenderedFile("x.cfg", text, 0o644, small_role("/absent"))


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ('# Written by entrykit\n{"a": [1, 1e5, "\\u00fc\\/"]}\n', {"a": [1, 1e5, "ü/"]}),
        ('["a"]', ["a"]),
        ("# Written by entrykit from x\na:\n  b: 1\n", {"a": {"b": 1}}),
        ("- a\n- b\n", ["a", "b"]),
    ],
)
def test_json_and_yaml_are_data(text, data):
    assert file_with(text).data == data


@pytest.mark.parametrize("text", ["hunter2 {", "hunter2", "a: [hunter2", ""])
def test_other_files_are_no_data_and_the_failure_shows_none_of_them(text):
    with pytest.raises(AssertionError, match=r"x.cfg is neither JSON nor YAML") as failed:
        _ = file_with(text).data

    assert "hunter2" not in str(failed.value)


def test_the_plan_of_certbots_keeper_is_data():
    plan = render_role("certbot", SITE, EMAIL="me@example.com")["keeper.conf"].data

    assert plan["groups"] == {"web": ["example.com"]}


def test_bad_variables_raise_as_they_are():
    with pytest.raises(SettingsError):
        render_role("haproxy", DOMAINS="web:")
    with pytest.raises(UsageError):
        render_role("haproxi")


def test_what_a_start_would_warn_of_is_a_warning():
    with pytest.warns(VariablesWarning, match="HTTP_PROT: no such variable; did you mean HTTP_P"):
        render_role("haproxy", SITE, HTTP_PROT="81")


def test_variables_that_are_refused_warn_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_settings_error("haproxy", {"DOMIANS": "web:example.com"}, "DOMAINS")


def test_a_refusal_is_returned_with_all_its_messages():
    error = assert_settings_error("haproxy", {"DOMAINS": "web:", "HTTP_PORT": "x"}, "DOMAINS")

    assert isinstance(error, SettingsError)
    assert [fault.partition(":")[0] for fault in error.messages] == ["DOMAINS", "HTTP_PORT"]


def test_an_error_of_a_file_counts_as_one_of_its_variable(tmp_path):
    environ = {"DOMAINS_FILE": str(tmp_path / "absent")}

    assert_settings_error("haproxy", environ, "DOMAINS")
    assert_settings_error("haproxy", environ, "DOMAINS_FILE")


@pytest.mark.parametrize(
    ("environ", "names", "message"),
    [
        (SITE, ["DOMAINS"], r"^haproxy: accepted \(expected an error for DOMAINS\)$"),
        (SITE, [], r"^haproxy: accepted \(expected an error for some variable\)$"),
        (SITE | {"HTTP_PORT": "x"}, ["DOMAINS"], r"(?s)^no error for DOMAINS; .*\n  HTTP_PORT: "),
        (
            {"HTTP_PORT": "x"},
            ["PORT", "DOMAINS", "HTTP"],
            r"^no error for PORT and HTTP; the errors are",
        ),
    ],
)
def test_another_refusal_or_none_fails_with_what_there_is(environ, names, message):
    with pytest.raises(AssertionError, match=message):
        assert_settings_error("haproxy", environ, *names)


@pytest.fixture
def path(tmp_path):
    """A PATH with the HAProxy under test."""
    (tmp_path / "haproxy").symlink_to(under_test("haproxy"))
    return str(tmp_path)


def test_the_daemon_checks_what_it_is_asked_to(path):
    render_role("haproxy", SITE, PATH=path, check=True)

    with pytest.raises(CheckError, match="unknown keyword 'nonsense'"):
        render_role("haproxy", SITE, PATH=path, HAPROXY_EXTRA_GLOBAL="nonsense", check=True)


def test_the_daemons_check_leaves_nothing_behind(path, tmp_path):
    before = {*os.listdir(tmp_path)}

    render_role("haproxy", SITE, PATH=path, CONFIG_DIR=str(tmp_path / "config"), check=True)

    assert {*os.listdir(tmp_path)} == before


def test_a_daemon_that_is_not_there_is_named_with_its_package(tmp_path):
    role = small_role(tmp_path)
    assert describe_missing(role) == "no small in PATH to check the files (Debian package small)"


def test_a_package_may_have_another_name(tmp_path):
    role = with_daemon(small_role(tmp_path), package="small-server")
    assert describe_missing(role).endswith("(Debian package small-server)")
