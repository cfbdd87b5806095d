"""Lineages that nobody wants any more, and those that are wanted again."""

from __future__ import annotations

import os
import stat

import pytest
from certbot.certbots import Certbots
from certbot.lineage_tree import Tree
from certbot.plans import plan_for

from entrykit.log import Log
from entrykit.roles.certbot.lineages.lineages import load_lineages
from entrykit.roles.certbot.lineages.repair import repair_all
from entrykit.roles.certbot.lineages.retirement import restore, retire


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path / "letsencrypt")


def there(tree):
    return {name: lineage.serial for name, lineage in load_lineages(str(tree.folder)).items()}


def test_what_is_retired_is_kept_for_its_owner_and_comes_back(tree):
    serial, other = tree.issue("web", "a.test"), tree.issue("shop", "b.test")
    plan = plan_for(tree.folder)

    retire(plan, "web")

    kept = tree.folder / "retired" / "web"
    assert there(tree) == {"shop": other}
    assert sorted(os.listdir(kept)) == ["archive", "live", "renewal.conf"]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert not any(os.path.lexists(p) for p in (tree.live("web"), tree.archive("web")))
    assert restore(plan, "web")
    assert there(tree) == {"shop": other, "web": serial}
    assert os.listdir(tree.folder / "retired") == []
    assert not restore(plan, "web")


def test_what_is_pruned_is_gone(tree):
    tree.issue("web", "a.test")
    plan = plan_for(tree.folder, prune=True)

    retire(plan, "web")

    assert there(tree) == {}
    assert not restore(plan, "web")
    assert [path for path in tree.folder.rglob("*") if "web" in path.name] == []


def test_nothing_is_put_in_the_place_of_something(tree):
    plan = plan_for(tree.folder)
    tree.issue("web", "a.test")
    retire(plan, "web")
    serial = tree.issue("web", "a.test")

    assert not restore(plan, "web")
    assert there(tree) == {"web": serial}
    retire(plan, "web")
    assert restore(plan, "web")
    assert there(tree) == {"web": serial}


@pytest.mark.parametrize("parts", [1, 2])
def test_a_retirement_that_was_cut_off_loses_nothing(tree, parts):
    """The parts that had been moved are those that are moved first."""
    serial = tree.issue("web", "a.test")
    plan = plan_for(tree.folder, ("web", ["a.test"]))
    kept = tree.folder / "retired" / "web"
    kept.mkdir(parents=True)
    moves = [(tree.conf("web"), "renewal.conf"), (tree.live("web"), "live")]
    for path, name in moves[:parts]:
        path.rename(kept / name)

    assert not restore(plan, "web")
    repair_all(plan, Log())

    assert there(tree) == {"web": serial}
    retire(plan, "web")
    assert restore(plan, "web")
    assert there(tree) == {"web": serial}


@pytest.mark.versions
def test_certbot_forgets_what_is_retired_and_knows_what_is_restored(tmp_path, pebble, certbot_path):
    certbots = Certbots(tmp_path / "certbot", pebble, certbot_path)
    assert certbots.certonly("web", "a.test") == (0, True)
    serial = certbots.served("web")
    plan = certbots.plan()

    retire(plan, "web")
    assert certbots.seen == []
    assert certbots.run("renew") == (0, False)
    restore(plan, "web")
    assert certbots.certonly("web", "a.test") == (0, False)
    assert certbots.seen == ["web"]
    assert certbots.served("web") == serial

    retire(plan, "web")
    assert certbots.certonly("web", "a.test") == (0, True)
    assert certbots.seen == ["web"]
