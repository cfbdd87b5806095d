"""One run of certbot, and what is read from its words."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from threading import Timer

import pytest
from certbot.keeping import Keeping
from certbot.pebble import Pebble
from haproxy.polling import eventually
from programs import script

from entrykit.log import Log
from entrykit.roles.certbot.ordering.certbot_cli import Certbot, parse_outcome
from entrykit.roles.certbot.plan import read_plan
from entrykit.roles.certbot.process.signals import Signals, Stopped
from entrykit.roles.certbot.process.subprocess import ProcessResult, run

REFUSED = """
Certbot failed to authenticate some domains (authenticator: standalone). The Certificate \
Authority reported these problems:
  {label}: bad.test
  Type:   connection
  Detail: Fetching http://bad.test/: Connection refused

  {label}: example.test
  Type:   unauthorized
  Detail: No TXT record found

Some challenges have failed.
"""
LOGGED = "acme.messages.Error: urn:ietf:params:acme:error:"


@pytest.fixture
def keeping(tmp_path, pebble, certbot_path, evidence):
    keeping = Keeping(tmp_path, pebble, certbot_path, DOMAINS="web:a.test,bad.test", CERTS_DIR=None)
    evidence.append(keeping.evidence)
    keeping.configure()
    yield keeping
    evidence.remove(keeping.evidence)


@pytest.fixture
def certbot(keeping):
    """The real one, with the files of a real start."""
    plan = read_plan(str(keeping.config / "keeper.conf"))
    return Certbot(plan, {"PATH": keeping.environ["PATH"]}, Signals(), Log())


# with the real certbot


def test_a_certificate_is_issued(certbot, keeping):
    done = certbot.issue("web", ["a.test"], force=False)

    assert done.ok
    assert keeping.names("web") == ["a.test"]


def test_the_same_names_are_no_order_unless_forced(certbot, pebble, keeping):
    certbot.issue("web", ["a.test"], force=False)
    serial = keeping.serial("web")

    assert certbot.issue("web", ["a.test"], force=False).ok
    assert pebble.orders() == 1
    assert certbot.issue("web", ["a.test"], force=True).ok
    assert keeping.serial("web") != serial


def test_the_names_that_the_ca_refuses_are_known(certbot, pebble):
    pebble.dns("bad.test")

    done = certbot.issue("web", ["a.test", "bad.test"], force=False)

    assert not done.ok
    assert list(done.refused_names) == ["bad.test"]
    assert "could not resolve" in done.refused_names["bad.test"]


def test_a_name_that_the_ca_never_issues_for_is_known(tmp_path, certbot_path):
    with Pebble(tmp_path / "strict", blocked=["blocked.test"]) as pebble:
        keeping = Keeping(tmp_path, pebble, certbot_path, DOMAINS="web:a.test")
        keeping.configure()
        plan = read_plan(str(keeping.config / "keeper.conf"))
        certbot = Certbot(plan, {"PATH": certbot_path}, Signals(), Log())

        done = certbot.issue("web", ["a.test", "blocked.test"], force=False)

    assert list(done.refused_names) == ["blocked.test"]


def test_a_ca_that_is_down_is_nobodys_fault(certbot, pebble):
    pebble.stop()

    done = certbot.issue("web", ["a.test"], force=False)

    assert (done.ok, done.refused_names, done.busy) == (False, {}, False)
    assert "refused" in done.error


def test_another_certbot_at_work_is_known(certbot, keeping):
    with (keeping.config / ".certbot.lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)

        done = certbot.issue("web", ["a.test"], force=False)

    assert done.busy
    assert not done.ok


# its words


@pytest.mark.parametrize("label", ["Domain", "Identifier"])
def test_old_and_new_words_for_a_refused_name_are_read(label):
    """Certbot 5 says Identifier; of a wildcard every version leaves the `*.` away."""
    ended = ProcessResult(1, REFUSED.format(label=label))

    failed = parse_outcome(ended, ["a.test", "bad.test", "*.example.test"], "").refused_names

    assert failed == {
        "bad.test": "Fetching http://bad.test/: Connection refused (connection)",
        "*.example.test": "No TXT record found (unauthorized)",
    }


@pytest.mark.parametrize(
    ("logged", "failed"),
    [
        (
            'rejectedIdentifier :: The server will not :: Cannot issue for "bad.test": forbidden',
            ["bad.test"],
        ),
        (
            'rateLimited :: Too many :: too many failed authorizations (5) for "bad.test" in the',
            ["bad.test"],
        ),
        (
            'rateLimited :: Too many :: too many certificates (50) already issued for "bad.test"',
            [],
        ),
        ("serverInternal :: The server experienced an internal error :: bad.test", []),
        ("malformed :: The request message was malformed :: not a name: notbad.test.", []),
    ],
)
def test_a_refused_order_blames_a_name_only_where_the_ca_does(logged, failed):
    done = parse_outcome(
        ProcessResult(1, "An unexpected error occurred:\n"), ["bad.test"], LOGGED + logged
    )

    assert list(done.refused_names) == failed
    assert bool(done.error) != bool(failed)


def test_the_last_words_are_those_that_mean_something():
    said = (
        "An unexpected error occurred:\nValueError: Requesting: refused\nAsk for help or search f"
    )

    assert parse_outcome(ProcessResult(1, said), [], "").error == "ValueError: Requesting: refused"
    assert (
        parse_outcome(ProcessResult(2, ""), [], "").error == "certbot exited with 2 and no message"
    )


@pytest.mark.parametrize(
    ("caused", "cause"),
    [
        (
            "NewConnectionError('<urllib3.connection.HTTPSConnection object at 0x7f3a>: No route')",
            "No route",
        ),
        (
            "NewConnectionError(\"HTTPSConnection(host='ca.test', port=443): Failed: it's off\")",
            "Failed: it's off",
        ),
        ("SSLError(SSLError(136, '[X509: NO_CERTIFICATE] none (_ssl.c:4)'))", "[X509: NO_CERTI"),
    ],
)
def test_of_a_connection_that_failed_only_the_cause_is_told(caused, cause):
    said = (
        "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='ca.test', port=443): "
        f"Max retries exceeded with url: /dir (Caused by {caused})"
    )

    assert parse_outcome(ProcessResult(1, said), [], "").error.startswith(f"ca.test:443: {cause}")


def test_a_port_that_is_taken_is_not_for_long():
    said = "Could not bind TCP port 80 because it is already in use by another process"

    assert parse_outcome(ProcessResult(1, said), ["a.test"], "").busy


def test_one_that_was_killed_is_told_as_killed():
    assert (
        parse_outcome(ProcessResult(-9, "Requesting\n"), [], "").error
        == "certbot was killed by SIGKILL"
    )
    assert parse_outcome(ProcessResult(-99, ""), [], "").error == "certbot was killed by signal 99"


def test_the_log_of_an_earlier_run_is_not_taken_for_that_of_this_one(certbot, tmp_path):
    certbot.issue("web", ["a.test"], force=False)
    assert '"csr":' in certbot.read_log()
    program = script(tmp_path / "certbot", "exit 1")

    done = replace(certbot, environ={"PATH": str(program.parent)}).issue(
        "web", ["b.test"], force=False
    )

    assert not done.csr_sent


# a child


@pytest.fixture
def signals():
    """As the keeper has them, in this process, until the test ends."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD)
    before = {number: signal.getsignal(number) for number in numbers}
    signals = Signals()
    signals.listen()
    yield signals
    signal.set_wakeup_fd(-1)
    for number, action in before.items():
        signal.signal(number, action)


def test_lines_are_told_as_they_come_and_the_rest_is_kept(signals, tmp_path):
    program = script(tmp_path / "p", "echo one; echo two >&2; printf three; exit 3")
    said = []

    ended = run([str(program)], {"PATH": "/bin"}, signals, said.append)

    assert (ended.code, ended.output, said) == (3, "one\ntwo\nthree", ["one", "two", "three"])


def test_one_that_hangs_is_ended(signals, tmp_path):
    program = script(tmp_path / "p", "exec sleep 600")

    ended = run([str(program)], {"PATH": "/bin"}, signals, str, limit=0.1)

    assert ended.code == -signal.SIGTERM


def test_a_process_that_it_leaves_behind_is_not_waited_for(signals, tmp_path):
    """It may hold the pipe open for ever."""
    program = script(tmp_path / "p", f"sleep 600 & echo $! > {tmp_path}/pid; echo done")

    ended = run([str(program)], {"PATH": "/bin"}, signals, str)

    assert (ended.code, ended.output) == (0, "done\n")
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


@pytest.mark.parametrize("deaf", [False, True], ids=["hears", "deaf"])
def test_a_stop_ends_it_with_its_whole_group_in_less_than_an_engine_waits(signals, tmp_path, deaf):
    """Half of the ten seconds after which Docker kills; it takes a third of one unless loaded."""
    deafness = "trap '' TERM\n" if deaf else ""
    inner = script(tmp_path / "hook", f"{deafness}echo $$ > {tmp_path}/pid\nsleep 600 & wait")
    program = script(tmp_path / "p", f"{deafness}{inner} & wait")
    begun = []

    def stop():
        eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
        begun.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGTERM)

    Timer(0, stop).start()
    with pytest.raises(Stopped):
        run([str(program)], {"PATH": "/bin"}, signals, str)

    assert time.monotonic() - begun[0] < 5
    # A grandchild that was told ends by itself, and nobody waits for it.
    eventually(lambda: not alive(int((tmp_path / "pid").read_text())))


def alive(pid):
    """Whether a process runs: one that nobody has reaped yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
