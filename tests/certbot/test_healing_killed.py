"""A real certbot that is killed, or finds the disk full, and what the next run makes of it.

Certificates come from a real authority; each run is one of its own, so several go on at once.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from certbot.certbots import KINDS, Certbots, whole
from namespaces import UNSHARE

NAMES = ("a.test", "b.test")
AT_ONCE = 8
SIGNALS = (signal.SIGKILL, signal.SIGTERM)

pytestmark = pytest.mark.versions


@pytest.fixture
def certbots(tmp_path, pebble, certbot_path):
    """Make folders for certbots that can run at the same time, each with names of its own."""

    def make(number):
        address = f"127.0.0.{number + 2}"
        for name in names(number):
            pebble.dns(name, address)
        return Certbots(tmp_path / str(number), pebble, certbot_path, address)

    return make


def names(number):
    return tuple(f"{number}.{name}" for name in NAMES)


def each(work, items):
    """Do something for many things, several at once, and return the results in order."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(work, items))


def recovers(certbots, number):
    """What can be saved is served without an order, what cannot is ordered; then all is quiet.

    Returns:
        Whether it was saved.
    """
    wholes = certbots.wholes("web")
    certbots.heal(("web", names(number)))
    there = certbots.lineages.get("web")
    code, ordered = certbots.certonly("web", *names(number))

    assert code == 0, certbots.said
    assert ordered == (there is None), certbots.said
    assert {there.serial} == (wholes or {certbots.served("web")}) if there else not wholes
    assert list(certbots.lineages) == ["web"] == certbots.seen
    assert certbots.lineages["web"].serial == certbots.served("web")
    tree = certbots.tree()
    assert certbots.heal(("web", names(number))) == ""
    assert certbots.tree() == tree
    return not ordered


def moments(steps):
    """Before each step, and with a file made but not yet written; by either signal."""
    for at, step in enumerate(steps, 1):
        yield at, False, SIGNALS[at % 2]
        if step.startswith("open "):
            yield at, True, SIGNALS[(at + 1) % 2]


def test_a_first_issue_killed_at_any_step(certbots):
    code, steps = certbots(0).doomed("web", *names(0))
    assert code == 0

    def killed(case):
        number, (at, empty, by) = case
        mine = certbots(number)
        code, _ = mine.doomed("web", *names(number), at=at, by=by, empty=empty)
        assert code == -by, mine.said
        return recovers(mine, number)

    saved = Counter(each(killed, enumerate(moments(steps), 1)))

    assert saved[True] >= 3
    assert saved[False] >= 20


def test_a_renewal_killed_at_any_step(certbots):
    def begun(number):
        mine = certbots(number)
        assert mine.certonly("web", *names(number)) == (0, True)
        return mine

    code, steps = begun(0).doomed("web", *names(0), force=True)
    assert code == 0

    def killed(case):
        number, (at, empty, by) = case
        mine = begun(number)
        code, _ = mine.doomed("web", *names(number), at=at, by=by, empty=empty, force=True)
        assert code == -by, mine.said
        return recovers_renewal(mine, number)

    served = Counter(each(killed, enumerate(moments(steps), 1)))

    assert served["old"] >= 5
    assert served["new"] >= 15


def recovers_renewal(certbots, number):
    """The newest that is whole is served, without an order; returns which that is."""
    wholes = certbots.wholes("web")
    certbots.heal(("web", names(number)))
    there = certbots.lineages["web"].serial
    code, ordered = certbots.certonly("web", *names(number))

    assert (code, ordered) == (0, False), certbots.said
    assert certbots.lineages["web"].serial == there == certbots.served("web")
    assert wholes <= certbots.wholes("web")
    assert list(certbots.lineages) == ["web"] == certbots.seen
    assert certbots.heal(("web", names(number))) == ""
    return "new" if there == newest(certbots) else "old"


def newest(certbots):
    """The serial number of the renewal, if it can be saved."""
    files = {kind: certbots.config / "archive" / "web" / f"{kind}2.pem" for kind in KINDS}
    return whole(files)


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

    def full(number):
        mine = certbots(number)
        if registered:
            assert mine.run("register")[0] == 0, mine.said
        filled(mine, number)
        return recovers(mine, number)

    assert set(each(full, range(1, 15))) == {True, False}


def filled(certbots, number):
    """Run it on a disk of so many pages, beside those that are there."""
    copy = certbots.folder / "copy"
    copy.mkdir()
    used = sum(-(-p.stat().st_size // PAGE) for p in certbots.config.rglob("*") if p.is_file())
    size = (used + number) * PAGE
    before = certbots.folder / "before"
    shutil.copytree(certbots.config, before)
    prefix = [*UNSHARE, "sh", "-euc", FULL, "sh", str(size), str(certbots.config), str(before)]
    environ = {"OUT": str(certbots.config), "COPY": str(copy)}
    certbots.certonly("web", *names(number), prefix=prefix, **environ)
    shutil.rmtree(certbots.config)
    os.rename(copy, certbots.config)
