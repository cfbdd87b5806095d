"""What all tests share: a failure brings along what the daemon said and what it was given."""

from __future__ import annotations

import signal

import pytest
from hypothesis import HealthCheck, settings
from programs import under_test
from role_warnings import ignore_warnings

from entrykit.cli.main import main

EVIDENCE = pytest.StashKey()
# How long an example takes says more of the machine's load than of us.
settings.register_profile("any load", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any load")


def pytest_configure(config):
    config.stash[EVIDENCE] = []
    ignore_warnings(config)
    _heed_signals()


def _heed_signals():
    """Give the programs that are run the dispositions of a container, whoever runs us.

    A shell's background job ignores SIGINT and SIGQUIT, and what nohup(1) runs SIGHUP; both are
    inherited.
    """
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            ours = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
            signal.signal(number, ours)


@pytest.fixture(scope="session")
def evidence(pytestconfig):
    """A list of functions, each of which yields titles and texts for the report of a failure.

    A fixture that runs a daemon adds one for as long as it lives.
    """
    return pytestconfig.stash[EVIDENCE]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Attach the evidence, whatever of a test has failed: also the start of a daemon."""
    report = yield
    if report.failed:
        for parts in item.config.stash[EVIDENCE]:
            report.sections.extend(parts())
    return report


@pytest.fixture(scope="session")
def search_path(tmp_path_factory):
    """PATH with the HAProxy under test first."""
    folder = tmp_path_factory.mktemp("path")
    (folder / "haproxy").symlink_to(under_test("haproxy"))
    return f"{folder}:/usr/sbin:/usr/bin:/sbin:/bin"


@pytest.fixture
def run(capsys):
    """Run a verb for the haproxy role in this process: exit code, stdout, stderr."""

    def run(verb, *words, environ=None):
        code = main(["entrykit", verb, "haproxy", *words], environ or {})
        said = capsys.readouterr()
        return code, said.out, said.err

    return run
