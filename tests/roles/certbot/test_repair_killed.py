"""A real certbot that is killed, or finds the disk full, and what the next run makes of it.

Certificates come from a real authority. What a kill before each step would leave is copied in
one run, which real kills are compared with. All of it is repaired; where that comes to the same,
certbot goes on once.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections import Counter

import pytest
from certbot.certbots import KINDS, Certbots, shape, whole
from namespaces import UNSHARE

NAMES = ("a.test", "b.test")
WEB = ("web", NAMES)
UNREAD = ("torn", "csr", "keys")  # ours, and what certbot only writes
SIGNALS = (signal.SIGKILL, signal.SIGTERM)

pytestmark = pytest.mark.versions


@pytest.fixture
def certbots(tmp_path, pebble, certbot_path):
    """A folder of certbot's."""
    return Certbots(tmp_path / "certbot", pebble, certbot_path)


def recovers(certbots, known):
    """What can be saved is served without an order, what cannot is ordered; then all is quiet.

    Args:
        certbots: the folder.
        known: what certbot has gone on with, as it looked.

    Returns:
        Whether it was saved.
    """
    wholes = certbots.wholes("web")
    certbots.repair(WEB)
    there = certbots.lineages.get("web")

    assert {there.serial} == (wholes or {certbots.served("web")}) if there else not wholes
    if is_new(certbots, known):
        goes_on(certbots, known, ordered=there is None)
        is_quiet(certbots)
    return there is not None


def goes_on(certbots, known, *, ordered):
    """See that certbot goes on with the one lineage, with an order or without."""
    assert certbots.certonly("web", *NAMES) == (0, ordered), certbots.said
    assert list(certbots.lineages) == ["web"]
    assert certbots.lineages["web"].serial == certbots.served("web")
    if is_new(certbots, known, "afterwards"):
        assert certbots.seen == ["web"]


def is_new(certbots, known, when="repaired"):
    """Whether nothing was seen yet that certbot would not tell from what there is."""
    looks = {each for each in shape(certbots.config) if each[0].partition("/")[0] not in UNREAD}
    return (when, looks) not in known and not known.append((when, looks))


def is_quiet(certbots):
    """See that nothing is repaired that is intact."""
    tree = certbots.tree()
    assert certbots.repair(WEB) == ""
    assert certbots.tree() == tree


def test_a_first_issue_killed_at_any_step(certbots):
    known, saved = [], Counter()
    for copy in certbots.states("web", *NAMES).values():
        certbots.become(copy)
        saved[recovers(certbots, known)] += 1

    assert saved[True] >= 3
    assert saved[False] >= 20


def test_a_renewal_killed_at_any_step(certbots):
    begun(certbots)
    known, served = [], Counter()
    for copy in certbots.states("web", *NAMES, force=True).values():
        certbots.become(copy)
        served[recovers_renewal(certbots, known)] += 1

    assert served["old"] >= 5
    assert served["new"] >= 15


def recovers_renewal(certbots, known):
    """The newest that is whole is served, without an order; returns which that is."""
    wholes = certbots.wholes("web")
    certbots.repair(WEB)
    there = certbots.lineages["web"].serial
    which = "new" if there == newest(certbots) else "old"
    if is_new(certbots, known):
        goes_on(certbots, known, ordered=False)

    assert certbots.lineages["web"].serial == there == certbots.served("web")
    assert wholes <= certbots.wholes("web")
    is_quiet(certbots)
    return which


def newest(certbots):
    """The serial number of the renewal, if it can be saved."""
    files = {kind: certbots.config / "archive" / "web" / f"{kind}2.pem" for kind in KINDS}
    return whole(files)


@pytest.mark.parametrize(("renewal", "signals"), [(False, SIGNALS), (True, SIGNALS[:1])])
def test_a_real_kill_leaves_what_was_copied(certbots, renewal, signals):
    """At some of the steps; SIGTERM the same as SIGKILL, but for a renewal's."""
    before = begun(certbots) if renewal else certbots.copied("before")
    states = certbots.states("web", *NAMES, force=renewal)
    some = list(states)[2::5]
    assert len(some) > 5
    for number, at in enumerate(some):
        by = signals[number % len(signals)]
        certbots.become(before)
        assert certbots.doomed("web", *NAMES, at=at, by=by, force=renewal) == -by, certbots.said
        assert shape(certbots.config) == shape(states[at]), at


def test_a_renewal_told_to_stop_while_it_changes_links(certbots):
    """Certbot turns them back then, as far as it comes."""
    before = begun(certbots)
    certbots.states("web", *NAMES, force=True)
    changes = [at for at, step in enumerate(certbots.steps, 1) if " live/" in step]
    assert len(changes) > 7
    known = []
    for at in changes[::2]:
        certbots.become(before)
        code = certbots.doomed("web", *NAMES, at=str(at), by=signal.SIGTERM, force=True)
        assert code == -signal.SIGTERM, certbots.said
        recovers_renewal(certbots, known)


def begun(certbots):
    """Issue what is to be renewed, and return a copy of it."""
    assert certbots.certonly("web", *NAMES) == (0, True)
    return certbots.copied("before")


FULL = """
mount -t tmpfs -o size="$1" tmpfs "$2"
cp -a "$3/." "$2"
shift 3
"$@" || true
cp -a "$OUT/." "$COPY"
"""
PAGE = 4096


@pytest.mark.parametrize("registered", [True, False])
def test_a_disk_that_is_full_at_any_moment_of_a_first_issue(certbots, registered):
    """Without an account yet, that may be what is cut off."""
    if registered:
        assert certbots.run("register")[0] == 0, certbots.said
    before = certbots.copied("before")
    known, saved = [], set()
    for pages in range(1, 15):
        filled(certbots, before, pages)
        saved.add(recovers(certbots, known))

    assert saved == {True, False}


def filled(certbots, before, pages):
    """Run it on a disk of so many pages, beside those that are there."""
    copy = certbots.folder / "copy"
    copy.mkdir()
    used = sum(-(-p.stat().st_size // PAGE) for p in before.rglob("*") if p.is_file())
    size = (used + pages) * PAGE
    prefix = [*UNSHARE, "sh", "-euc", FULL, "sh", str(size), str(certbots.config), str(before)]
    environ = {"OUT": str(certbots.config), "COPY": str(copy)}
    certbots.certonly("web", *NAMES, prefix=prefix, **environ)
    shutil.rmtree(certbots.config)
    os.rename(copy, certbots.config)
