"""Which lineages are the keeper's, and which retired ones come back."""

from __future__ import annotations

import pytest
from certbot.plans import plan_for

from entrykit.log import Log
from entrykit.roles.certbot.lineages.ownership import Ownership
from entrykit.roles.certbot.lineages.retirement import choose_restorable
from entrykit.roles.certbot.plan import Group

WEB = ("web", ["a.test", "b.test"])
GROUPS = [Group("web", ("a.test", "b.test")), Group("api", ("c.test",))]


@pytest.mark.parametrize(
    ("there", "ours"),
    [
        ({"web": ("a.test", "gone.test")}, {"web"}),
        ({"web": ("own.test",)}, set()),
        ({"own": ("own.test",)}, set()),
        ({"own": ("a.test", "own.test")}, set()),
        ({"site": ("a.test",)}, {"site"}),
        ({"web": ("a.test",), "own": ("a.test",)}, {"web"}),
    ],
)
def test_before_anything_is_written_it_goes_by_name_or_by_names(tmp_path, there, ours):
    assert Ownership(plan_for(tmp_path, WEB), Log()).select_usable(there).keys() == ours


def test_what_is_written_outlives_a_restart_and_goes_with_the_lineage(tmp_path):
    plan = plan_for(tmp_path, WEB)
    Ownership(plan, Log()).update({"web", "old"}, {"web", "old"})

    ours = Ownership(plan, Log())
    there = {"old": ("z.test",), "web": ("a.test",), "own": ("y.test",)}
    assert ours.select_usable(there).keys() == {"web", "old"}
    assert ("old" in ours, "own" in ours) == (True, False)
    ours.update({"web"}, {"web", "own"})
    assert "old" not in Ownership(plan, Log())


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "other", "lineages": ["own"]}'])
def test_what_cannot_be_read_claims_nothing(tmp_path, text):
    (tmp_path / "entrykit-lineages.json").write_text(text)

    assert "own" not in Ownership(plan_for(tmp_path, WEB), Log())


@pytest.mark.parametrize(
    ("usable", "retired", "back"),
    [
        pytest.param({}, {"web": ("a.test",)}, ["web"], id="its group has nothing"),
        pytest.param({}, {"site": ("b.test", "a.test")}, ["site"], id="of another name"),
        pytest.param({}, {"web": ("a.test", "gone.test")}, ["web"], id="until there is an order"),
        pytest.param({}, {"web": ("gone.test",)}, [], id="its name alone"),
        pytest.param({}, {"all": ("a.test", "c.test")}, [], id="of two groups"),
        pytest.param({"new": ("a.test", "b.test")}, {"web": ("a.test",)}, [], id="not needed"),
        pytest.param({"new": ("a.test",)}, {"web": ("b.test", "z.test")}, [], id="to be changed"),
        pytest.param({"new": ("a.test",)}, {"web": ("b.test",)}, ["web"], id="as it is"),
    ],
)
def test_what_comes_back_is_what_would_be_used(usable, retired, back):
    assert choose_restorable(GROUPS, usable, retired, usable) == back
