"""What all tests share: a failure brings along what the daemon said and what it was given."""

from __future__ import annotations

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Attach the evidence of every fixture that has some.

    A fixture's value may have a method `evidence` that yields titles and texts:
    logs, rendered files.
    """
    report = yield
    if report.failed:
        sources = [value for value in item.funcargs.values() if hasattr(value, "evidence")]
        report.sections.extend(part for source in sources for part in source.evidence())
    return report
