"""What is repaired is so for every certbot: its next run sees it, and orders nothing."""

from __future__ import annotations

import os
import shutil

import pytest
from certbot.certbots import KINDS, Certbots
from certbot.pebble import DAY

NAMES = ("a.test", "b.test")

pytestmark = pytest.mark.versions


@pytest.fixture
def issued(tmp_path, pebble, certbot_path):
    """A lineage of certbot's own."""
    certbots = Certbots(tmp_path / "certbot", pebble, certbot_path)
    assert certbots.certonly("web", *NAMES) == (0, True)
    return certbots


def unlinked(config):
    (config / "live/web/chain.pem").unlink()


def without_configuration(config):
    (config / "renewal/web.conf").unlink()


def with_an_empty_configuration(config):
    os.truncate(config / "renewal/web.conf", 0)


def with_an_empty_fullchain(config):
    os.truncate(config / "archive/web/fullchain1.pem", 0)


def without_an_archive(config):
    files = {kind: (config / f"live/web/{kind}.pem").read_bytes() for kind in KINDS}
    shutil.rmtree(config / "archive")
    for kind, data in files.items():
        (config / f"live/web/{kind}.pem").unlink()
        (config / f"live/web/{kind}.pem").write_bytes(data)


def with_an_archive_only(config):
    shutil.rmtree(config / "live")
    shutil.rmtree(config / "renewal")


@pytest.mark.parametrize(
    "harm",
    [
        unlinked,
        without_configuration,
        with_an_empty_configuration,
        without_an_archive,
        with_an_archive_only,
    ],
)
def test_what_is_repaired_goes_on_without_an_order_and_can_be_renewed(issued, harm):
    serial = issued.served("web")
    harm(issued.config)

    issued.repair(("web", NAMES))

    assert issued.certonly("web", *NAMES) == (0, False), issued.said
    assert issued.served("web") == serial
    assert issued.run("renew") == (0, False), issued.said
    assert issued.certonly("web", *NAMES, force=True) == (0, True), issued.said
    assert issued.served("web") != serial
    assert issued.seen == ["web"]
    assert issued.repair(("web", NAMES)) == ""


def test_what_is_set_aside_is_ordered_once(issued):
    with_an_empty_fullchain(issued.config)

    issued.repair(("web", NAMES))

    assert issued.certonly("web", *NAMES) == (0, True), issued.said
    for _ in range(2):
        assert issued.repair(("web", NAMES)) == ""
        assert issued.certonly("web", *NAMES) == (0, False), issued.said
    assert issued.seen == ["web"]
    assert (issued.config / "torn/web/archive/privkey1.pem").stat().st_size > 0


def test_a_folder_that_was_moved_goes_on_without_an_order(issued, tmp_path, pebble, certbot_path):
    moved = Certbots(tmp_path / "moved", pebble, certbot_path)
    moved.config.rmdir()
    issued.config.rename(moved.config)

    moved.repair(("web", NAMES))

    assert moved.certonly("web", *NAMES) == (0, False), moved.said
    assert moved.seen == ["web"]


def test_a_renewal_with_an_empty_fullchain_is_not_served_for_ever(issued):
    """But the certificate before it, which certbot goes on with."""
    serial = issued.served("web")
    assert issued.certonly("web", *NAMES, force=True) == (0, True)
    os.truncate(issued.config / "archive/web/fullchain2.pem", 0)
    assert issued.certonly("web", *NAMES) == (0, False)
    assert issued.served("web") is None

    issued.repair(("web", NAMES))

    assert issued.served("web") == serial
    assert issued.certonly("web", *NAMES) == (0, False)
    assert issued.served("web") == serial


def test_an_empty_registration_does_not_stop_everything(issued):
    (regr,) = (issued.config / "accounts").rglob("regr.json")
    os.truncate(regr, 0)
    assert issued.certonly("web", *NAMES, force=True)[0] == 1

    issued.repair(("web", NAMES))

    assert issued.certonly("web", *NAMES, force=True) == (0, True), issued.said


@pytest.mark.parametrize("days", [6, 45])
def test_a_short_certificate_is_not_issued_again_at_every_run(
    tmp_path, authority, certbot_path, days
):
    certbots = Certbots(tmp_path / "certbot", authority(validity=days * DAY), certbot_path)
    assert certbots.certonly("web", *NAMES) == (0, True)

    certbots.repair(("web", NAMES))

    for _ in range(2):
        assert certbots.run("renew") == (0, False), certbots.said
        assert certbots.certonly("web", *NAMES) == (0, False), certbots.said
    assert certbots.certonly("web", *NAMES, force=True) == (0, True), certbots.said
    assert certbots.repair(("web", NAMES)) == ""
    assert certbots.run("renew") == (0, False), certbots.said
