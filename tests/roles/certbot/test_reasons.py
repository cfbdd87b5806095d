"""What is said of names that have no certificate."""

from __future__ import annotations

import io

import pytest

from entrykit.log import Log
from entrykit.roles.certbot.ordering.backoff import Backoff
from entrykit.roles.certbot.ordering.rate_limits import RateLimits
from entrykit.roles.certbot.ordering.reasons import Reasons

NOW = 1_900_000_000.0


@pytest.fixture
def budget(tmp_path):
    return RateLimits(str(tmp_path / "budget.json"), Log())


def test_ten_thousand_names_are_few_lines_and_each_is_said_once(budget):
    said = io.StringIO()
    names = [f"{number}.test" for number in range(10_000)]
    reasons = Reasons(budget, Backoff(), Log(said), once=False)
    budget.record_unreachable(names, NOW)

    reasons.report_left_out(dict.fromkeys(names[:100], "nobody there"), NOW)
    reasons.explain({name: [name] for name in names}, "", NOW)

    lines = said.getvalue().splitlines()
    assert lines[0] == (
        "entrykit: warning: 0.test, 1.test, 2.test, 3.test, 4.test and 95 more: "
        "left out of this order, tried again in 60 s: nobody there"
    )
    assert lines[1] == (
        "entrykit: warning: 100.test: no certificate for 100.test: "
        "failed the last time, tried again in 60 s"
    )
    assert lines[-1] == "entrykit: warning: 9880 more lineages wait in the same way"
    assert len(lines) == 22


@pytest.mark.parametrize(
    ("once", "when"), [(True, "the next run tries again"), (False, "tried again in 6")]
)
def test_a_process_that_ends_does_not_say_when_it_tries_again(budget, once, when):
    said, backoff = io.StringIO(), Backoff()
    reasons = Reasons(budget, backoff, Log(said), once=once)
    backoff.record_failure("web", NOW)

    reasons.explain({"web": ["a.test"], "api": ["b.test"]}, "no account", NOW)

    assert f"web: no certificate for a.test: the last order failed, {when}" in said.getvalue()
    assert "not ordered now: api: no account; " in said.getvalue()
