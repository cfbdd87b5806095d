"""Which names go into which lineage: by examples, and for any groups and lineages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrykit.roles.certbot.lineages.allotment import allot
from entrykit.roles.certbot.plan import Group


def group(name, *names):
    return Group(name, names)


def numbered(*numbers):
    return tuple(f"{number}.test" for number in numbers)


WEB = group("web", "a.test", "b.test")


@pytest.mark.parametrize(
    ("groups", "existing", "wanted"),
    [
        pytest.param([], {"web": ("a.test",)}, {}, id="nothing wanted"),
        pytest.param([WEB], {}, {"web": ("a.test", "b.test")}, id="nothing there"),
        pytest.param(
            [WEB], {"web": ("b.test", "a.test")}, {"web": ("a.test", "b.test")}, id="all there"
        ),
        pytest.param([WEB], {"web": ("a.test",)}, {"web": ("a.test", "b.test")}, id="one more"),
        pytest.param(
            [WEB],
            {"web": ("a.test", "b.test", "c.test")},
            {"web": ("a.test", "b.test")},
            id="one less",
        ),
        pytest.param([WEB], {"web": ("z.test",)}, {"web": ("a.test", "b.test")}, id="all others"),
        pytest.param(
            [group("site", "a.test", "b.test", "c.test")],
            {"web": ("a.test", "b.test")},
            {"web": ("a.test", "b.test", "c.test")},
            id="renamed, and one more",
        ),
        pytest.param(
            [group("site", "a.test")],
            {"web": ("a.test", "gone.test")},
            {"web": ("a.test",)},
            id="renamed, and one less",
        ),
        pytest.param(
            [group("site", "a.test"), group("web", "b.test")],
            {"web": ("a.test",)},
            {"web": ("a.test",), "web-2": ("b.test",)},
            id="its name is another's now",
        ),
        pytest.param(
            [group("site", "b.test"), group("web", "a.test")],
            {"web": ("b.test",), "site": ("a.test",)},
            {"web": ("b.test",), "site": ("a.test",)},
            id="two apps swap their names",
        ),
        pytest.param(
            [WEB],
            {"shop": ("b.test",), "web": ("a.test",)},
            {"web": ("a.test",), "shop": ("b.test",)},
            id="two apps become one",
        ),
        pytest.param(
            [group("shop", "b.test"), group("web", "a.test")],
            {"web": ("a.test", "b.test")},
            {"web": ("a.test",), "shop": ("b.test",)},
            id="one app becomes two",
        ),
        pytest.param(
            [WEB],
            {"web-0001": ("a.test", "b.test")},
            {"web-0001": ("a.test", "b.test")},
            id="what certbot called otherwise",
        ),
        pytest.param(
            [WEB],
            {"web-0001": ("a.test", "b.test"), "web": ("a.test", "b.test")},
            {"web": ("a.test", "b.test")},
            id="what is there twice",
        ),
        pytest.param(
            [group("web", "a.test", "b.test", "c.test")],
            {"web": ("a.test", "b.test"), "web-2": ("c.test",)},
            {"web": ("a.test", "b.test"), "web-2": ("c.test",)},
            id="apart though there is room",
        ),
        pytest.param(
            [group("shop", "c.test"), WEB],
            {"web": ("a.test", "b.test"), "web-2": ("c.test",)},
            {"web": ("a.test", "b.test"), "web-2": ("c.test",)},
            id="renamed from what looks like a part",
        ),
        pytest.param(
            [group("shop", "c.test"), WEB],
            {"all": ("a.test", "b.test", "c.test")},
            {"web": ("a.test", "b.test"), "shop": ("c.test",)},
            id="one for several apps",
        ),
    ],
)
def test_as_few_certificates_change_as_possible(groups, existing, wanted):
    assert allot(groups, existing) == wanted


def test_what_is_somebody_elses_keeps_its_name_to_itself():
    assert allot([WEB], {}, taken=["web", "web-2"]) == {"web-3": ("a.test", "b.test")}


def test_more_names_than_fit_go_into_parts_that_are_numbered():
    web = group("web", *numbered(*range(7)))

    assert allot([web, group("web-2", "x.test")], {}, 3) == {
        "web": numbered(0, 1, 2),
        "web-3": numbered(3, 4, 5),
        "web-4": numbered(6),
        "web-2": ("x.test",),
    }


def test_new_names_go_together_into_what_has_room_for_all_of_them():
    existing = {"web": numbered(1, 2), "web-2": numbered(3)}

    assert allot([group("web", *numbered(1, 2, 3, 4, 5))], existing, 3) == {
        "web": numbered(1, 2),
        "web-2": numbered(3, 4, 5),
    }


def test_a_new_name_goes_into_what_changes_anyway():
    existing = {"web": numbered(1), "web-2": numbered(2, 3)}

    assert allot([group("web", *numbered(1, 2, 4))], existing, 3) == {
        "web": numbered(1),
        "web-2": numbered(2, 4),
    }


def test_a_part_that_loses_a_name_stays_one():
    existing = {"web": numbered(1, 2), "web-2": numbered(3, 4), "shop": numbered(9)}
    groups = [group("web", *numbered(1, 2, 3)), group("shop", *numbered(4, 9))]

    assert allot(groups, existing, 2) == {
        "web": numbered(1, 2),
        "web-2": numbered(3),
        "shop": numbered(4, 9),
    }


def test_a_lineage_of_more_names_than_are_allowed_keeps_the_first():
    assert allot([group("web", *numbered(1, 2, 3))], {"web": numbered(1, 2, 3)}, 2) == {
        "web": numbered(1, 2),
        "web-2": numbered(3),
    }


LIMIT = 3
NAMES = [f"{letter}.test" for letter in "abcdefghijkl"]
APPS = ["web", "web-2", "web-0001", "shop", "shop-3"]


@st.composite
def grouped(draw):
    """Groups, none of which has a name of another's."""
    names = draw(st.permutations(NAMES))
    apps = draw(st.lists(st.sampled_from(APPS), unique=True))
    homes = [draw(st.sampled_from([*apps, None])) for _ in names]
    found = {
        app: tuple(n for n, home in zip(names, homes, strict=True) if home == app) for app in apps
    }
    return [Group(app, names) for app, names in found.items() if names]


LINEAGES = st.dictionaries(
    st.sampled_from([*APPS, "web-3", "site", "site-0001"]),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=LIMIT + 1, unique=True).map(tuple),
)
ANY = settings(deadline=None, max_examples=300)


@ANY
@given(grouped(), LINEAGES)
def test_every_name_is_in_one_lineage_and_none_has_too_many(groups, existing):
    wanted = allot(groups, existing, LIMIT)

    named = [name for names in wanted.values() for name in names]
    assert sorted(named) == sorted(name for group in groups for name in group.names)
    assert all(1 <= len(names) <= LIMIT for names in wanted.values())


@ANY
@given(grouped(), LINEAGES)
def test_no_lineage_has_names_of_two_groups(groups, existing):
    wanted = allot(groups, existing, LIMIT)

    homes = {name: group.name for group in groups for name in group.names}
    assert all(len({homes[name] for name in names}) == 1 for names in wanted.values())


@ANY
@given(grouped(), LINEAGES)
def test_what_came_of_it_stays(groups, existing):
    wanted = allot(groups, existing, LIMIT)

    assert allot(groups, wanted, LIMIT) == wanted


@ANY
@given(grouped(), LINEAGES, st.randoms())
def test_the_order_of_groups_and_lineages_does_not_matter(groups, existing, random):
    others, pairs = [*groups], [*existing.items()]
    random.shuffle(others)
    random.shuffle(pairs)

    assert allot(others, dict(pairs), LIMIT) == allot(groups, existing, LIMIT)


@ANY
@given(grouped(), LINEAGES, st.data())
def test_one_name_more_changes_one_lineage(groups, existing, data):
    before = allot(groups, existing, LIMIT)
    app = data.draw(st.sampled_from(APPS))
    old = next((group.names for group in groups if group.name == app), ())
    grown = Group(app, (*old, "new.test"))
    # An app that is new may have the name of a lineage that another has adopted.
    if not old and app in before:
        return

    after = allot([*(group for group in groups if group.name != app), grown], before, LIMIT)

    ((lineage, names),) = after.items() - before.items()
    assert names == (*before.get(lineage, ()), "new.test")
    assert before.keys() <= after.keys()


@ANY
@given(grouped(), LINEAGES)
def test_a_name_less_changes_one_lineage(groups, existing):
    before = allot(groups, existing, LIMIT)

    for gone in [name for group in groups for name in group.names]:
        less = [Group(each.name, tuple(n for n in each.names if n != gone)) for each in groups]
        after = allot([each for each in less if each.names], before, LIMIT)
        named = {k: tuple(n for n in names if n != gone) for k, names in before.items()}
        assert after == {k: names for k, names in named.items() if names}


@ANY
@given(grouped(), st.data())
def test_an_app_that_is_renamed_keeps_its_lineages(groups, data):
    before = allot(groups, {}, LIMIT)
    names = [f"new-{number}" for number in range(len(groups))]
    renamed = [
        Group(data.draw(st.sampled_from([group.name, name])), group.names)
        for group, name in zip(groups, names, strict=True)
    ]

    assert allot(renamed, before, LIMIT) == before


@pytest.mark.parametrize("size", [1, 10, 100, 1000])
def test_a_hundred_thousand_names_are_allotted(size):
    names = [f"{number}.example.com" for number in range(100_000)]
    groups = [
        Group(f"app{place}", tuple(names[place : place + size]))
        for place in range(0, len(names), size)
    ]
    before = allot(groups, {})

    assert sum(map(len, before.values())) == len(names)
    assert allot(groups, before) == before
