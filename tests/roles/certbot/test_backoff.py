"""Waiting longer after each failure in a row."""

from __future__ import annotations

import pytest

from entrykit.roles.certbot.ordering.backoff import Backoff


def test_each_failure_in_a_row_waits_longer_up_to_an_hour():
    backoff = Backoff()

    pauses = [backoff.record_failure("web", 0.0) for _ in range(5)]

    assert pauses == [pytest.approx(step * 1.05, rel=0.05) for step in (60, 300, 900, 3600, 3600)]


def test_a_success_or_a_request_ends_the_wait():
    backoff = Backoff()
    backoff.record_failure("web", 1000.0)
    backoff.record_failure("api", 1000.0)

    backoff.reset("web")

    assert backoff.delay("web", 1000.0) == 0
    assert backoff.delay("api", 1030.0) >= 30
    backoff.end_delays()
    assert backoff.delay("api", 1030.0) == 0


def test_a_clock_that_is_set_right_does_not_make_years_of_a_minute():
    """One that is wrong makes orders fail: the CA's own certificate is not valid then."""
    backoff = Backoff()
    backoff.record_failure("web", 1e9)

    assert backoff.delay("web", 1e9 - 3600) == 0
    assert backoff.record_failure("web", 1e9 - 3600) >= 300
    assert backoff.delay("web", 1e9 - 3600) >= 300
