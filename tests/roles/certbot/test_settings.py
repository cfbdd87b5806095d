"""What the variables mean, where a case cannot say it."""

from __future__ import annotations

import os
import stat
import sys

import pytest
from programs import entrykit

from entrykit.errors import CommitError, HandOverError
from entrykit.log import Log
from entrykit.roles.certbot.host import CertbotHostFacts
from entrykit.roles.certbot.prepare import prepare_host
from entrykit.roles.certbot.role import ROLE
from entrykit.roles.certbot.settings import CertbotSettings
from entrykit.roles.certbot.types import to_seconds


def settings(warn=lambda _warning: None, **environ):
    return CertbotSettings.from_environ({"DOMAINS": "web:example.com", **environ}, warn)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("0h", 0), ("3600", 3600), ("90s", 90), ("5m", 300), ("12h", 43200), ("1d", 86400)],
)
def test_a_time_has_a_unit_or_is_in_seconds(text, seconds):
    assert to_seconds(settings(RENEW_INTERVAL=text).renew_interval) == seconds


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("domains", "DOMAINS"),
        ("email", "EMAIL"),
        ("test", "TEST"),
        ("port", "PORT"),
        ("haproxy_container", "HAPROXY_CONTAINER"),
    ],
)
def test_a_name_of_the_first_write_up_is_warned_about_with_the_name_meant(old, new):
    warnings = []

    settings(warnings.append, **{old: "1"})

    assert warnings == [f"{old}: no such variable; did you mean {new}?"]


@pytest.mark.parametrize(
    ("environ", "server"),
    [
        ({}, "https://acme-v02.api.letsencrypt.org/directory"),
        ({"ACME_STAGING": "on"}, "https://acme-staging-v02.api.letsencrypt.org/directory"),
        ({"TEST": "1", "STAGING": ""}, "https://acme-staging-v02.api.letsencrypt.org/directory"),
        ({"ACME_SERVER": "https://ca.internal/dir"}, "https://ca.internal/dir"),
    ],
)
def test_the_server_is_lets_encrypts_unless_told(environ, server):
    assert settings(**environ).server == server


def test_registered_domains_need_a_package_that_is_named_where_it_is_missing(tmp_path):
    (tmp_path / "publicsuffixlist.py").write_text("raise ImportError\n")
    environ = {"PYTHONPATH": str(tmp_path), "DOMAINS": "a.test", "CERT_PER": "registered-domain"}

    done = entrykit("render", "certbot", environ=environ)

    assert done.returncode == 78
    assert "CERT_PER: registered-domain needs the Python package publicsuffixlist" in done.stderr
    assert "pip install 'entrykit[registered-domain]'" in done.stderr


@pytest.mark.parametrize("version", [(2, 1, 0), (3, 3)])
def test_a_profile_is_refused_with_the_version_of_a_certbot_that_has_none(version):
    host = CertbotHostFacts(version)

    had = ".".join(map(str, version))
    assert [*host.conflicts(settings(CERT_PROFILE="shortlived"))] == [
        f"CERT_PROFILE: certbot {had} has no profiles (expected certbot 4.0 or newer)"
    ]


def test_a_profile_that_the_installed_certbot_has_not_is_refused_by_check(tmp_path):
    path = stand_in(tmp_path, "echo certbot 2.1.0")
    environ = {"DOMAINS": "a.test", "CERT_PROFILE": "shortlived", "PATH": path}

    done = entrykit("check", "certbot", environ=environ | {"CONFIG_DIR": f"{tmp_path}/acme"})

    assert done.returncode == 78
    assert "CERT_PROFILE: certbot 2.1.0 has no profiles" in done.stderr
    assert entrykit("render", "certbot", environ=environ).returncode == 0


def test_no_profile_is_fine_with_any_certbot():
    assert [*CertbotHostFacts((2, 1, 0)).conflicts(settings())] == []


def test_the_installed_certbot_is_asked_for_its_version(certbot_path):
    host = CertbotHostFacts.observe({"PATH": certbot_path})

    assert len(host.version) == 3
    assert host.python == sys.executable


def test_the_certbot_that_is_asked_sees_no_secret_and_no_input(tmp_path):
    """TMPDIR it needs: it begins a log there."""
    script = 'read line; echo "$EAB_HMAC_KEY$line$TMPDIR" >&2; echo certbot 5.5.0'
    environ = {"PATH": stand_in(tmp_path, script), "EAB_HMAC_KEY": "c2VjcmV0", "TMPDIR": "/scratch"}

    assert CertbotHostFacts.observe(environ).version == (5, 5, 0)

    environ["PATH"] = stand_in(tmp_path, script.replace("certbot 5.5.0", ""))
    with pytest.raises(HandOverError, match='prints no version: "/scratch"'):
        CertbotHostFacts.observe(environ)


@pytest.mark.parametrize(
    ("script", "code"),
    [(None, 127), ("echo 'no module named certbot' >&2; exit 1", 126)],
)
def test_a_certbot_that_is_not_there_or_does_not_run_is_told(tmp_path, script, code):
    if script:
        stand_in(tmp_path, script)

    with pytest.raises(HandOverError) as error:
        CertbotHostFacts.observe({"PATH": str(tmp_path)})

    assert error.value.exit_code == code


def stand_in(folder, script):
    """Write a certbot that does what a script says; return PATH with it."""
    (folder / "certbot").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "certbot").chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


@pytest.mark.parametrize(
    ("config_dir", "writable", "work", "logs"),
    [
        ("/etc/letsencrypt", True, "/var/lib/letsencrypt", "/var/log/letsencrypt"),
        ("/etc/letsencrypt", False, "/etc/letsencrypt/work", "/etc/letsencrypt/logs"),
        ("/acme", True, "/acme/work", "/acme/logs"),
    ],
)
def test_work_and_logs_follow_config_dir_unless_all_three_are_certbots(
    config_dir, writable, work, logs
):
    assert CertbotHostFacts(can_write_defaults=writable).folders(config_dir) == (work, logs)


@pytest.fixture
def told(tmp_path, capsys):
    """Prepare with these variables, CONFIG_DIR being one of our own; return what was said."""

    def run(**environ):
        made = settings(CONFIG_DIR=f"{tmp_path}/acme", **environ)
        prepare_host(made, Log(sys.stderr))
        return capsys.readouterr().err.splitlines()

    return run


def test_the_folders_are_made_and_the_logs_are_private(told, tmp_path):
    told(CERTS_DIR=f"{tmp_path}/certs")

    made = {path.name for path in (*tmp_path.iterdir(), *(tmp_path / "acme").iterdir())}
    assert {"acme", "certs", "work", "logs"} <= made
    assert stat.S_IMODE((tmp_path / "acme" / "logs").stat().st_mode) == 0o700


def test_names_without_a_certificate_are_told(told):
    assert told(DOMAINS="web:*.example.com,192.0.2.1,example.com") == [
        "entrykit: warning: no certificate for *.example.com: a wildcard needs DNS_PLUGIN",
        "entrykit: warning: no certificate for 192.0.2.1: an IP address",
    ]


def test_many_such_names_are_told_in_few_lines(told):
    said = told(DOMAINS="web:" + ",".join(f"*.{number}.example.com" for number in range(1000)))

    assert len(said) == 7
    assert said[-2:] == [
        "entrykit: warning: no certificate for 995 more wildcards and IP addresses",
        "entrykit: warning: DOMAINS: none of its names gets a certificate",
    ]


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_credentials_are_fine_with_a_mode_that_keeps_others_out(told, tmp_path, mode):
    assert credentials(told, tmp_path, mode) == []


def test_credentials_that_everybody_can_read_are_warned_about(told, tmp_path):
    path = tmp_path / "cloudflare.ini"

    (said,) = credentials(told, tmp_path, 0o644)

    assert f"DNS_CREDENTIALS: {path} is accessible to everyone" in said


def credentials(told, folder, mode):
    path = folder / "cloudflare.ini"
    path.touch()
    path.chmod(mode)
    return told(DNS_PLUGIN="cloudflare", DNS_CREDENTIALS=str(path))


def test_files_that_are_not_there_are_warned_about(told):
    said = told(ACME_CA_BUNDLE="/nowhere/ca.pem", DNS_PLUGIN="x", DNS_CREDENTIALS="/nowhere/x.ini")

    assert said == [
        "entrykit: warning: ACME_CA_BUNDLE: /nowhere/ca.pem cannot be read: no order will succeed",
        "entrykit: warning: DNS_CREDENTIALS: /nowhere/x.ini cannot be read: no order will succeed",
    ]


def test_a_folder_of_certificates_that_cannot_be_made_is_an_error(told, tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(CommitError) as error:
        told(CERTS_DIR=f"{tmp_path}/file/certs")

    assert f"{tmp_path}/file/certs: Not a directory" in str(error.value)


def test_what_is_only_judged_is_left_alone(tmp_path):
    made = settings(CONFIG_DIR=f"{tmp_path}/acme")

    ROLE.prepare.stage(made, str(tmp_path), Log(sys.stderr))

    assert os.listdir(tmp_path) == []
