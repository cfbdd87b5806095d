"""The words after `entrykit certbot`: certbot's own, the keeper's, or a program's."""

from __future__ import annotations

import os
import sys

import pytest
from programs import entrykit, script

from entrykit.errors import SettingsError
from entrykit.roles.certbot.command_line import pass_through

INI = ["--config", "{dir}/entrykit.ini"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "entrykit.ini").touch()
    return str(tmp_path)


@pytest.mark.parametrize(
    ("given", "handed"),
    [
        (["certificates"], ["certificates", *INI]),
        (["certonly", "-d", "a.test"], ["certonly", *INI, "-d", "a.test"]),
        (["renew", "--config", "/mine"], ["renew", *INI, "--config", "/mine"]),
        (["--version"], [*INI, "--version"]),
        (["-h", "all"], [*INI, "-h", "all"]),
        (["-d", "a.test", "certonly"], [*INI, "-d", "a.test", "certonly"]),
        (["certbot", "renew"], ["renew", *INI]),
        (["certbot", "-v", "renew"], [*INI, "-v", "renew"]),
        (["certbot", "newer-than-we-know"], ["newer-than-we-know", *INI]),
        (["help", "renew"], ["help", "renew"]),
    ],
)
def test_words_for_certbot_get_the_file_that_a_start_has_written(folder, given, handed):
    argv, _ = pass_through(given, {"CONFIG_DIR": folder})

    assert argv == ["certbot", *(word.format(dir=folder) for word in handed)]


def test_without_a_start_they_get_the_folder(tmp_path):
    argv, _ = pass_through(["certificates"], {"CONFIG_DIR": str(tmp_path)})

    assert argv == ["certbot", "certificates", "--config-dir", str(tmp_path)]


@pytest.mark.parametrize(
    "given",
    [[], ["certbot"], ["--thumbprint"], ["certbot", "--thumbprint"], ["bash"], ["sh", "-c"]],
)
def test_other_words_are_not_certbots(given):
    assert pass_through(given, {}) is None


@pytest.mark.parametrize("given", [["--thumbprint"], ["certbot", "--thumbprint"]])
def test_who_only_asks_for_the_thumbprint_configures_nothing_anew(run, tmp_path, given):
    """A keeper may run with what is there, and the asker's variables are most often fewer."""
    plan = tmp_path / "acme" / "keeper.conf"
    plan.parent.mkdir()
    plan.write_text("{}")

    done = run(*given, DOMAINS="other.test")

    assert f"{plan}: not a plan" in done.stderr
    assert plan.read_text() == "{}"
    assert os.listdir(plan.parent) == ["keeper.conf"]


@pytest.mark.parametrize(
    ("environ", "bundle"),
    [
        ({}, None),
        ({"ACME_CA_BUNDLE": "/ca.pem"}, "/ca.pem"),
        ({"ACME_CA_BUNDLE": "/ca.pem", "REQUESTS_CA_BUNDLE": "/other.pem"}, "/other.pem"),
    ],
)
def test_certbot_gets_the_own_ca(environ, bundle):
    _, extended = pass_through(["certificates"], environ)

    assert extended.get("REQUESTS_CA_BUNDLE") == bundle


def test_a_folder_that_is_none_is_refused():
    with pytest.raises(SettingsError, match='CONFIG_DIR: "etc": not an absolute path'):
        pass_through(["certificates"], {"CONFIG_DIR": "etc"})


@pytest.fixture
def run(certbot_path, tmp_path):
    """Run `entrykit certbot` with words, as a container does."""

    def started(*words, **environ):
        variables = {"PATH": certbot_path, "CONFIG_DIR": f"{tmp_path}/acme", **environ}
        return entrykit("certbot", *words, environ=variables)

    return started


@pytest.mark.versions
@pytest.mark.parametrize("words", [["--version"], ["certbot", "--version"]])
def test_certbots_flags_need_no_domains_and_configure_nothing(run, tmp_path, words):
    done = run(*words)

    assert done.returncode == 0
    assert done.stdout.startswith("certbot ")
    assert os.listdir(tmp_path) == []


@pytest.mark.versions
def test_certbots_subcommands_run_with_its_own_exit_code(run):
    logs = ["--work-dir", "/dev/null/x", "--logs-dir", "/dev/null/x"]

    assert run("plugins", *logs).returncode == 0
    assert run("certificates", *logs).returncode == 1
    assert run("renew", "--no-such-flag").returncode == 2


def test_certbot_sees_no_secret(tmp_path):
    script(tmp_path / "certbot", "exec env")
    environ = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "EAB_HMAC_KEY": "c2VjcmV0",
        "EAB_HMAC_KEY_FILE": "/run/secrets/hmac",
        "EMAIL": "me@example.com",
    }

    said = entrykit("certbot", "certificates", environ=environ).stdout

    assert "EMAIL=me@example.com\n" in said
    assert "EAB_HMAC_KEY" not in said


def test_another_program_is_executed_as_it_is(run):
    assert run("echo", "hello").stdout == "hello\n"


@pytest.mark.parametrize(
    ("words", "handed"),
    [([], []), (["certbot"], []), (["--thumbprint"], ["--thumbprint"])],
)
def test_the_keeper_gets_the_rest(run, tmp_path, words, handed):
    """After everything is written and judged; a program in its place says what it was given."""
    done = run(*words, DOMAINS="web:example.com", ENTRYKIT_UPSTREAM="/bin/echo")

    keeper = [sys.executable, "-P", "-m", "entrykit.roles.certbot.keeper"]
    assert done.stdout.split() == [*keeper, *handed, f"{tmp_path}/acme/keeper.conf"]
    assert sorted(os.listdir(tmp_path / "acme")) == ["entrykit.ini", "keeper.conf", "logs", "work"]
