"""What is ordered for a lineage."""

from __future__ import annotations

import pytest

from entrykit.roles.certbot.ordering.choice import Choice, Need, choose

A, B, C = "a.test", "b.test", "c.test"


def chosen(wanted, existing, failing, **how):
    return choose(
        Need(lineage="web", wanted=wanted, existing=existing, separate_name="web-2", **how), failing
    )


@pytest.mark.parametrize(
    ("wanted", "existing", "failing", "due", "expected"),
    [
        pytest.param([A, B], [], [], False, Choice((A, B)), id="first"),
        pytest.param([A, B], [], [B], False, Choice((A,)), id="first-but-one"),
        pytest.param([A, B], [], [A, B], False, None, id="none-can-be"),
        pytest.param([A, B], [B, A], [], False, None, id="nothing-to-do"),
        pytest.param([A, B], [A, B], [], True, Choice((A, B), force=True), id="due"),
        pytest.param([A, B], [A, B], [B], True, None, id="due-but-one-fails-and-is-valid"),
        pytest.param([A, B], [A], [B], True, Choice((A,), force=True), id="due-still-without"),
        pytest.param([A, B], [A, B], [B], False, None, id="fails-but-is-valid"),
        pytest.param([A, B], [A], [B], False, None, id="still-fails"),
        pytest.param([A, B, C], [A, B], [], False, Choice((A, B, C)), id="more"),
        pytest.param([A], [A, B], [], False, Choice((A,)), id="fewer"),
        pytest.param([A, B], [A, B, C], [B], False, None, id="fewer-but-one-fails"),
        pytest.param([A, B, C], [A], [C], False, Choice((A, B)), id="more-but-one-fails"),
        pytest.param(
            [A, B, C],
            [A, B],
            [B],
            False,
            Choice((C,), separate=True),
            id="more-beside-a-failing-one",
        ),
    ],
)
def test_only_what_is_missing_changed_or_due_is_ordered(wanted, existing, failing, due, expected):
    assert chosen(wanted, existing, failing, due=due) == expected


def test_a_renewal_that_cannot_wait_leaves_out_what_fails():
    assert chosen([A, B], [A, B], [B], due=True, overdue=True) == Choice((A,))
