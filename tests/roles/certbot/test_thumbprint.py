"""The thumbprint of certbot's account."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from certbot.keeping import Keeping

from entrykit.log import Log
from entrykit.roles.certbot.lineages.account import AccountError, accounts_dir
from entrykit.roles.certbot.ordering.certbot_cli import Certbot
from entrykit.roles.certbot.ordering.thumbprint import (
    compute_thumbprint,
    obtain_thumbprint,
    publish,
)
from entrykit.roles.certbot.plan import read_plan
from entrykit.roles.certbot.process.signals import Signals

# RFC 7638, 3.1, with private members as they are beside it.
RSA = {
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc"
    "_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2"
    "QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6We"
    "Zu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    "e": "AQAB",
    "d": "secret",
    "alg": "RS256",
    "kid": "2011-04-29",
}
# RFC 7517, A.1 and A.2.
EC = {
    "kty": "EC",
    "crv": "P-256",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    "d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
}


@pytest.fixture
def keeping(tmp_path, pebble, certbot_path):
    keeping = Keeping(tmp_path, pebble, certbot_path, DOMAINS="web:a.test", CHALLENGE="stateless")
    keeping.set(RENEW_INTERVAL="0")
    with keeping.start("--thumbprint") as running:
        running.ended()
    return keeping


@pytest.fixture
def certbot(keeping):
    plan = read_plan(str(keeping.config / "keeper.conf"))
    return Certbot(plan, {"PATH": keeping.environ["PATH"]}, Signals(), Log())


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        pytest.param(RSA, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", id="RFC 7638"),
        pytest.param(EC, "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s", id="EC"),
    ],
)
def test_only_the_public_members_count_in_their_order(tmp_path, key, expected):
    path = tmp_path / "private_key.json"
    path.write_text(json.dumps(key))

    assert compute_thumbprint(str(path)) == expected


@pytest.mark.parametrize("text", ["", "[]", '{"kty": "oct"}', '{"kty": "RSA"}'])
def test_what_is_no_key_is_an_error_without_its_contents(tmp_path, text):
    path = tmp_path / "private_key.json"
    path.write_text(text)

    with pytest.raises(AccountError, match="not an account's key"):
        compute_thumbprint(str(path))


def test_the_account_is_made_once(certbot, pebble):
    """The program has made it in the fixture, and is not needed again."""
    pebble.stop()

    assert obtain_thumbprint(certbot) == obtain_thumbprint(certbot)


def test_it_is_what_certbot_shows(certbot, keeping):
    """Its 2.1 does not show it."""
    argv = ["certbot", "show_account", "--config", certbot.plan.ini]
    environ = {"PATH": keeping.environ["PATH"], "REQUESTS_CA_BUNDLE": certbot.plan.ca_bundle}
    shown = subprocess.run(argv, env=environ, capture_output=True, text=True, check=True).stdout

    assert "Thumbprint" not in shown or obtain_thumbprint(certbot) in shown


def test_the_program_prints_nothing_else_on_standard_output(keeping, certbot):
    argv = ["--thumbprint"]
    out = keeping.folder / "out"
    with out.open("wb") as file, keeping.start(*argv) as running:
        assert running.ended() == 0
        del file
    assert obtain_thumbprint(certbot) in keeping.said


def test_two_accounts_are_an_error_that_names_them(certbot):
    place = accounts_dir(certbot.plan)
    subprocess.run(f"cp -r {place}/* {place}/other", shell=True, check=True)

    with pytest.raises(AccountError, match="2 accounts"):
        obtain_thumbprint(certbot)


def test_a_ca_that_is_down_is_told(certbot, pebble):
    subprocess.run(["rm", "-r", accounts_dir(certbot.plan)], check=True)
    pebble.stop()

    with pytest.raises(AccountError, match="refused"):
        obtain_thumbprint(certbot)


def test_the_file_is_readable_for_haproxy_and_left_alone_when_right(tmp_path):
    path = tmp_path / "thumbprint"
    publish(str(path), "one")
    before = path.stat()

    publish(str(path), "one")

    assert path.stat().st_ino == before.st_ino
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("one\n", 0o644)
    publish(str(path), "two")
    assert [each.name for each in tmp_path.iterdir()] == ["thumbprint"]
    assert path.read_text() == "two\n"


@pytest.mark.parametrize("path", ["absent/thumbprint", "folder", "pipe", "stdout"])
def test_a_file_that_cannot_be_written_is_told_by_name(tmp_path, path):
    """A pipe that nobody writes to would be read for ever, and a device replaced."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "stdout").symlink_to("pipe")
    before = sorted((each.name, each.lstat().st_mode) for each in tmp_path.iterdir())

    with pytest.raises(OSError, match="THUMBPRINT_FILE cannot be written: .*/" + path):
        publish(f"{tmp_path}/{path}", "one")

    after = sorted((each.name, each.lstat().st_mode) for each in tmp_path.iterdir())
    assert after == before


def test_a_round_that_could_not_write_it_has_not_succeeded(tmp_path, pebble, certbot_path):
    file = tmp_path / "absent" / "thumbprint"
    keeping = Keeping(tmp_path, pebble, certbot_path, DOMAINS="web:a.test", THUMBPRINT_FILE=file)

    assert keeping.once() == 1
    assert keeping.lineages() == ["web"]
    assert f"THUMBPRINT_FILE cannot be written: No such file or directory: '{file}'" in keeping.said
    file.parent.mkdir()
    assert keeping.once() == 0
