"""What may be asked of the CA, and what is remembered of it."""

from __future__ import annotations

import io
import json
import os
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrykit.log import Log
from entrykit.roles.certbot.ordering.rate_limits import RateLimits

NOW = 1_900_000_000.0
MINUTE, HOUR, DAY = 60, 3600, 86400
NAMES = ("a.test", "b.test")
SENT = 'JWS payload:\nb\'{\n  "csr": "MII'


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "entrykit-budget.json")


@pytest.fixture
def budget(path):
    return RateLimits(path, Log())


def issue(budget, now, names=NAMES):
    budget.record_begin(names, now)
    budget.record_issuance(names, now)


def fail(budget, now, *names):
    budget.record_begin(NAMES, now)
    budget.record_failure(names, now)


def test_five_certificates_for_the_same_names_are_the_most_in_a_week(budget):
    for day in range(5):
        assert budget.refusal(NAMES, NOW + day * DAY) is None
        issue(budget, NOW + day * DAY)

    assert budget.refusal(("B.test", "a.test"), NOW + 7 * DAY) == (
        "certificates for exactly these names were issued 5 times in a week, "
        "and the CA allows 5: not ordered before 2030-03-24 19:46 UTC"
    )
    assert budget.refusal(NAMES, NOW + 170 * HOUR) is None
    assert budget.refusal(("a.test",), NOW + 4 * DAY) is None


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 40 * HOUR), max_size=30))
def test_the_ca_never_refuses_what_the_budget_allows(tmp_path_factory, pauses):
    """The CA's own way to count: 5 at most are in store, and one comes back every 34 hours."""
    budget = RateLimits(str(tmp_path_factory.mktemp("budget") / "budget.json"), Log())
    store, now = 5.0, NOW
    for pause in pauses:
        now += pause
        store = min(5.0, store + pause / (34 * HOUR))
        if budget.refusal(NAMES, now) is None:
            issue(budget, now)
            store -= 1
            assert store > -1e-6


def test_a_name_that_fails_is_left_alone_for_longer_each_time(budget):
    now, pauses = NOW, []
    for _ in range(6):
        fail(budget, now, "a.test")
        pauses.append(budget.delay("a.test", now))
        assert budget.delay("a.test", now + 30) == pauses[-1] - 30
        now += pauses[-1]
        assert budget.delay("a.test", now) == 0

    assert pauses == [1 * MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, HOUR, HOUR]
    assert budget.delay("b.test", NOW) == 0


def test_a_success_begins_anew(budget):
    fail(budget, NOW, *NAMES)
    fail(budget, NOW + HOUR, "a.test")
    issue(budget, NOW + 2 * HOUR, ("a.test",))
    fail(budget, NOW + 3 * HOUR, "a.test")

    assert budget.delay("a.test", NOW + 3 * HOUR) == MINUTE


def test_five_failures_of_a_name_are_the_most_in_an_hour_whatever_succeeds_between(budget):
    for minute in range(5):
        fail(budget, NOW + minute * 2 * MINUTE, "a.test")
        issue(budget, NOW + minute * 2 * MINUTE, ("a.test", f"{minute}.test"))

    assert budget.delay("a.test", NOW + 10 * MINUTE) == 50 * MINUTE
    assert budget.delay("a.test", NOW + HOUR) == 0


def test_what_we_have_tried_ourselves_is_left_alone_but_not_counted_as_the_cas(budget):
    for minute in range(4):
        budget.record_unreachable(["a.test"], NOW + minute)
    assert budget.delay("a.test", NOW + 3) == HOUR

    issue(budget, NOW + 3, ("a.test",))
    assert budget.delay("a.test", NOW + 3) == 0


def test_an_order_that_failed_for_no_name_counts_for_nothing(budget, path):
    before = budget_of(path, budget)
    fail(budget, NOW)

    assert budget_of(path, budget) == before


def budget_of(path, budget):
    """What is remembered, with a file that is there."""
    budget.record_unreachable([], NOW)
    with open(path) as file:
        return json.load(file)


@pytest.mark.parametrize(("logged", "issues"), [(SENT, 1), ("", 0), ("nothing of it", 0)])
def test_an_order_that_was_killed_counts_if_the_certificate_was_asked_for(path, logged, issues):
    for day in range(4):
        issue(RateLimits(path, Log()), NOW + day * MINUTE)
    RateLimits(path, Log()).record_begin(NAMES, NOW + HOUR)

    later = RateLimits(path, Log())
    later.settle(logged, NOW + DAY)

    assert (later.refusal(NAMES, NOW + DAY) is not None) == bool(issues)
    again = RateLimits(path, Log())
    again.settle(SENT, NOW + DAY)
    assert (again.refusal(NAMES, NOW + DAY) is not None) == bool(issues)


def test_a_certificate_that_was_lost_on_its_way_counts_as_issued(budget):
    for second in range(5):
        assert budget.refusal(NAMES, NOW + second) is None
        budget.record_begin(NAMES, NOW + second)
        budget.record_failure((), NOW + second, csr_sent=True)

    assert budget.refusal(NAMES, NOW + DAY)
    assert budget.delay("a.test", NOW + DAY) == 0


def test_all_of_it_survives_a_restart(path):
    first = RateLimits(path, Log())
    for second in range(5):
        issue(first, NOW + second)
        fail(first, NOW + second, "c.test")
    first.record_unreachable(["d.test"], NOW)

    second = RateLimits(path, Log())

    for each in (first, second):
        assert each.refusal(NAMES, NOW + 5)
        assert each.delay("c.test", NOW + 4) == HOUR
        assert each.delay("d.test", NOW) == MINUTE


def test_it_is_for_the_owner_only_and_nothing_is_left_beside_it(budget, path):
    issue(budget, NOW)

    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert os.listdir(os.path.dirname(path)) == [os.path.basename(path)]


def test_nothing_is_written_where_nothing_happens(budget, path):
    budget.settle("", NOW)
    assert budget.refusal(NAMES, NOW) is None
    assert budget.delay("a.test", NOW) == 0

    assert not os.path.exists(path)


TORN = [
    "",
    "{",
    "[]",
    "{}",
    "null",
    '{"format": "entrykit-budget-1"}',
    '{"format": "another", "issued": {}, "names": {}, "begun": null, "lost": null}',
    '{"format": "entrykit-budget-1", "issued": [], "names": {}, "begun": null, "lost": null}',
    '{"format":"entrykit-budget-1","issued":{"x":[1e999,{}]},"names":{},"begun":null,"lost":null}',
    '{"format":"entrykit-budget-1","issued":{},"names":{"x":[1e999,1,[]]},"begun":1,"lost":null}',
    "[" * 100_000,
    "\xff",
]


@pytest.mark.parametrize("text", TORN)
def test_a_file_that_cannot_be_understood_is_told_and_allows_one_order_a_week(path, text):
    with open(path, "w", encoding="latin-1") as file:
        file.write(text)
    said = io.StringIO()

    budget = RateLimits(path, Log(said))
    assert budget.refusal(NAMES, NOW) is None
    issue(budget, NOW)
    later = RateLimits(path, Log(said))

    for each in (budget, later):
        assert each.refusal(NAMES, NOW + DAY)
        assert each.refusal(("c.test",), NOW + DAY) is None
        assert each.refusal(NAMES, NOW + 170 * HOUR) is None
    assert said.getvalue() == (
        f"entrykit: warning: {path}: not a record of orders; moved to {path}.torn; "
        "for a week each certificate is ordered at most once\n"
    )
    with open(f"{path}.torn", encoding="latin-1") as file:
        assert file.read() == text


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_a_damaged_file_is_no_error(tmp_path_factory, data):
    path = str(tmp_path_factory.mktemp("budget") / "budget.json")
    budget = RateLimits(path, Log(io.StringIO()))
    issue(budget, NOW)
    fail(budget, NOW, "c.test")
    budget.record_begin(NAMES, NOW)
    with open(path, "rb") as file:
        damaged = bytearray(file.read())
    place = data.draw(st.integers(0, len(damaged)))
    damaged[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=3))
    with open(path, "wb") as file:
        file.write(damaged)

    again = RateLimits(path, Log(io.StringIO()))
    again.settle("", NOW)

    again.refusal(NAMES, NOW)
    assert 0 <= again.delay("c.test", NOW) <= HOUR
    issue(again, NOW)


def test_a_clock_that_was_wrong_locks_nobody_out(path):
    wrong = RateLimits(path, Log())
    for _ in range(5):
        fail(wrong, NOW + 365 * DAY, "a.test")
        issue(wrong, NOW + 365 * DAY, ("b.test",))

    budget = RateLimits(path, Log())

    assert budget.delay("a.test", NOW) == HOUR
    assert budget.refusal(("b.test",), NOW)
    assert budget.delay("a.test", NOW + HOUR) == 0
    assert budget.refusal(("b.test",), NOW + 170 * HOUR) is None
    wrong.settle("", NOW)
    assert wrong.delay("a.test", NOW) == HOUR


def test_it_does_not_grow(path, budget):
    for day in range(100):
        issue(budget, NOW + day * DAY, (f"{day}.test",))
        fail(budget, NOW + day * DAY, f"{day}.test")

    with open(path) as file:
        assert len(file.read()) < 2000


def test_what_cannot_be_written_down_is_an_error(tmp_path):
    (tmp_path / "folder").touch()
    budget = RateLimits(str(tmp_path / "folder" / "budget.json"), Log())

    with pytest.raises(OSError, match="Not a directory"):
        budget.record_begin(NAMES, NOW)
