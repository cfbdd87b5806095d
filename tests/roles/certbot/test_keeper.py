"""The keeper: a real certbot, a real authority, and the real program around them."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import sys
import time
from contextlib import ExitStack, contextmanager

import pytest
from certbot.keeping import Keeping
from certbot.pebble import DAY
from haproxy.edge import Edges
from haproxy.ports import free_port
from programs import Running

from entrykit.log import Log
from entrykit.roles.certbot.keeper.progress import Progress
from entrykit.roles.certbot.keeper.rounds import Rounds
from entrykit.roles.certbot.ordering.certbot_cli import Certbot
from entrykit.roles.certbot.ordering.orders import Orders
from entrykit.roles.certbot.ordering.preflight import Preflight
from entrykit.roles.certbot.plan import read_plan
from entrykit.roles.certbot.process.signals import Signals


@pytest.fixture
def keep(tmp_path, certbot_path, evidence):
    """Make a `Keeping` for an authority; see there."""
    with ExitStack() as stack:

        def keep(pebble, **environ):
            keeping = Keeping(tmp_path, pebble, certbot_path, **environ)
            evidence.append(keeping.evidence)
            stack.callback(evidence.remove, keeping.evidence)
            return keeping

        yield keep


@pytest.fixture
def keeping(keep, pebble):
    """One with an app of two names."""
    return keep(pebble, DOMAINS="web:a.test,b.test")


def round_at(keeping, days):
    """Make a round as if so many days had passed."""
    plan = read_plan(str(keeping.config / "keeper.conf"))
    log = Log()
    certbot = Certbot(plan, {"PATH": keeping.environ["PATH"]}, Signals(), log)
    front = Preflight(plan, certbot.signals, log)

    def now():
        return time.time() + days * DAY

    rounds = Rounds(certbot, Orders(certbot, front, now), Progress(log), now)
    rounds.run(regular=True, hurry=False)
    front.release_port()


# what is ordered


def test_every_name_gets_a_certificate_and_haproxys_folder_has_it(keeping, pebble):
    assert keeping.once() == 0

    assert keeping.names("web") == ["a.test", "b.test"]
    assert (keeping.certs / "web.pem").is_file()
    assert pebble.orders() == 1
    assert "2 of 2 names have a certificate" in keeping.said


def test_what_is_valid_is_never_ordered_again_and_needs_no_ca(keeping, pebble):
    keeping.once()
    serial = keeping.serial("web")
    pebble.stop()

    for _ in range(3):
        assert keeping.once() == 0

    assert pebble.orders() == 1
    assert keeping.serial("web") == serial


def test_a_changed_set_of_names_is_one_order(keeping, pebble):
    keeping.once()

    for domains in ("web:a.test,b.test,c.test", "web:c.test,b.test,a.test"):
        assert keeping.once(DOMAINS=domains) == 0
        assert (pebble.orders(), keeping.names("web")) == (2, ["a.test", "b.test", "c.test"])
    for _ in range(2):
        assert keeping.once(DOMAINS="web:c.test") == 0
        assert (pebble.orders(), keeping.names("web")) == (3, ["c.test"])


def test_a_name_that_the_ca_refuses_does_not_keep_the_others_from_theirs(keep, pebble):
    names = [f"{number}.test" for number in range(9)]
    keeping = keep(pebble, DOMAINS=f"web:{','.join(names)},bad.test")
    pebble.dns("bad.test")

    assert keeping.once() == 1
    assert keeping.names("web") == names
    assert "bad.test: refused by the CA, tried again by a run after 60 s" in keeping.said
    assert pebble.orders() == 2
    assert "no certificate for bad.test" not in keeping.said
    assert keeping.once() == 1
    assert pebble.orders() == 2
    assert "web: no certificate for bad.test: failed the last time, tried" in keeping.said


def test_names_refused_for_different_reasons_do_not_keep_the_others_from_theirs(keep, authority):
    """A policy is told name by name, and before anything else is tried."""
    pebble = authority(blocked=["never.test", "nowhere.test"])
    pebble.dns("bad.test")
    keeping = keep(pebble, DOMAINS="web:a.test,bad.test,never.test,nowhere.test")

    assert keeping.once() == 1
    assert keeping.names("web") == ["a.test"]
    assert pebble.orders() == 4


def test_a_certificate_that_certbot_has_lost_is_counted(keeping, pebble):
    keeping.set(RENEW_INTERVAL="0")
    with keeping.start() as running:
        running.comes(pebble.issued)
        (order,) = keeping.orders(running)
        os.kill(order, signal.SIGKILL)

        assert running.ended() == 1
    budget = json.loads((keeping.config / "entrykit-budget.json").read_text())
    assert [len(times) for times in budget["issued"].values()] == [1]
    assert "certbot was killed by SIGKILL" in keeping.said


def test_a_name_that_haproxy_does_not_answer_for_is_never_asked_for(keep, pebble, tmp_path):
    with proxy(tmp_path, pebble.http_port, refused="bad.test") as url:
        keeping = keep(pebble, DOMAINS="web:a.test,bad.test", HAPROXY_URL=url)

        assert keeping.once() == 1

    assert keeping.names("web") == ["a.test"]
    assert (pebble.orders(), pebble.issued()) == (1, 1)
    assert "bad.test: left out of this order, tried again by a run after 60 s: " in keeping.said
    assert f"{url} answers 404" in keeping.said


def test_a_new_name_is_not_at_the_cost_of_a_valid_one_that_fails_now(keeping, pebble):
    """It gets a certificate of its own, and nothing is ordered any more after that."""
    keeping.once(DOMAINS="web:a.test,b.test")
    pebble.dns("a.test")

    for _ in range(2):
        assert keeping.once(DOMAINS="web:a.test,b.test,c.test") == 0
        assert keeping.names("web") == ["a.test", "b.test"]
        assert keeping.names("web-2") == ["c.test"]
        assert pebble.issued() == 2


def test_another_app_is_another_certificate(keeping, pebble):
    keeping.once()
    serial = keeping.serial("web")

    assert keeping.once(DOMAINS="web:a.test,b.test api:c.test") == 0
    assert keeping.names("api") == ["c.test"]
    assert (pebble.orders(), keeping.serial("web")) == (2, serial)


def test_what_nobody_wants_any_more_is_retired_and_comes_back_without_an_order(keeping, pebble):
    both = "web:a.test,b.test api:c.test"
    keeping.once(DOMAINS=both)

    assert keeping.once(DOMAINS="web:a.test,b.test") == 0
    assert keeping.lineages() == ["web"]
    assert not (keeping.certs / "api.pem").exists()
    assert keeping.once(DOMAINS=both) == 0
    assert keeping.lineages() == ["api", "web"]
    assert (keeping.certs / "api.pem").exists()
    assert pebble.orders() == 2


def test_a_certificate_stays_until_its_names_have_another(keeping, pebble):
    keeping.once()
    pebble.stop()

    assert keeping.once(CERT_PER="domain") == 1
    assert (keeping.certs / "web.pem").exists()
    pebble.start()
    keeping.set(RENEW_INTERVAL="12h")
    with keeping.start() as running:
        running.comes(lambda: keeping.lineages() == ["a.test", "b.test"])
        running.comes(lambda: not (keeping.certs / "web.pem").exists())


def test_what_a_person_ordered_is_delivered_and_never_retired(keeping):
    keeping.set(DOMAINS="web:a.test,b.test api:c.test", PRUNE="delete")
    keeping.once()
    with keeping.start("certonly", "--cert-name", "own", "-d", "own.test") as running:
        assert running.ended() == 0
    serial = keeping.serial("own")

    for domains in ("web:a.test,b.test", "web:a.test,b.test own:d.test"):
        assert keeping.once(DOMAINS=domains) == 0
        assert (keeping.serial("own"), keeping.names("own")) == (serial, ["own.test"])
        assert (keeping.certs / "own.pem").exists()
    assert keeping.lineages() == ["own", "own-2", "web"]
    assert not (keeping.config / "retired" / "api").exists()


def test_names_move_between_apps_without_an_order(keeping, pebble):
    keeping.once(DOMAINS="web:a.test shop:b.test")
    for domains in ("web:b.test shop:a.test", "shop:a.test", "shop:a.test site:b.test"):
        assert keeping.once(DOMAINS=domains) == 0
    assert (keeping.lineages(), pebble.orders()) == (["shop", "web"], 2)
    assert keeping.once(DOMAINS="shop:a.test", PRUNE="delete") == 0
    keeping.once(DOMAINS="web:c.test")
    assert (keeping.lineages(), pebble.orders()) == (["web"], 3)
    assert list((keeping.config / "retired").iterdir()) == []


# when it is due


@pytest.mark.parametrize(("days", "young", "old"), [(6, 2, 3.5), (45, 29, 31), (90, 59, 61)])
def test_it_is_renewed_when_due_and_not_before(keep, authority, days, young, old):
    """At a third of a lifetime left, and at half of one below ten days, on every certbot."""
    pebble = authority(validity=days * DAY)
    keeping = keep(pebble, DOMAINS="web:a.test", CERTS_DIR=None)
    keeping.once()
    first = keeping.serial("web")

    round_at(keeping, young)
    assert (pebble.orders(), keeping.serial("web")) == (1, first)
    round_at(keeping, old)
    assert pebble.orders() == 2
    assert keeping.serial("web") != first
    assert keeping.once() == 0
    assert pebble.orders() == 2


def test_a_renewal_waits_for_a_name_that_fails_and_then_goes_on_without_it(keep, pebble):
    """As long as the certificate is good for that name, it is not taken away."""
    keeping = keep(pebble, DOMAINS="web:a.test,bad.test", CERTS_DIR=None)
    keeping.once()
    pebble.dns("bad.test")

    round_at(keeping, 61)
    assert sorted(keeping.names("web")) == ["a.test", "bad.test"]
    round_at(keeping, 76)

    assert keeping.names("web") == ["a.test"]


def test_a_name_that_moves_keeps_its_certificate_until_the_new_one_is_there(keep, pebble):
    keeping = keep(pebble, DOMAINS="web:a.test,b.test", CERTS_DIR=None)
    keeping.once()
    pebble.dns("b.test")

    assert keeping.once(DOMAINS="web:a.test api:b.test,c.test") == 1
    assert sorted(keeping.names("web")) == ["a.test", "b.test"]
    assert keeping.names("api") == ["c.test"]


# a CA that is down


def test_haproxy_gets_what_there_is_while_the_ca_is_down(keeping, pebble):
    keeping.once()
    (keeping.certs / "web.pem").unlink()
    pebble.stop()
    keeping.set(DOMAINS="web:a.test,b.test api:c.test", RENEW_INTERVAL="12h")

    with keeping.start() as running:
        running.comes(lambda: "api: not issued, tried again in" in keeping.said)
        assert (keeping.certs / "web.pem").exists()
        pebble.start()
        running.process.send_signal(signal.SIGUSR1)
        running.comes((keeping.certs / "api.pem").exists)


def test_what_is_not_tried_while_the_ca_is_down_is_told(keeping, pebble):
    pebble.stop()

    assert keeping.once(DOMAINS="a:a.test b:b.test c:c.test d:d.test e:e.test") == 1
    assert "c: not issued, the next run tries again: " in keeping.said
    assert (
        "not ordered now: d, e: the orders before failed, and not because of their names; "
        "the next run tries again\n"
    ) in keeping.said


def test_a_single_round_waits_for_another_certbot(keeping):
    keeping.configure()
    keeping.set(RENEW_INTERVAL="0")
    with (keeping.config / ".certbot.lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        with keeping.start() as running:
            running.comes(lambda: "waiting for the other certbot" in keeping.said)
            lock.close()

            assert running.ended() == 0


def test_a_port_that_is_taken_is_no_names_fault(keeping):
    keeping.set(RENEW_INTERVAL="0")
    port = keeping.pebble.http_port
    with socket.create_server(("127.0.0.1", port)) as taken, keeping.start() as running:
        running.comes(lambda: "waiting for the other certbot" in keeping.said)
        taken.close()

        assert running.ended() == 0
    assert "Address already in use" in keeping.said
    assert "left out" not in keeping.said


def test_a_ca_that_has_forgotten_the_account_gets_another(keeping, pebble):
    """As after a restart of one that keeps nothing."""
    keeping.once()
    pebble.stop()
    pebble.start()

    assert keeping.once(DOMAINS="web:a.test,b.test api:c.test") == 0
    assert keeping.names("api") == ["c.test"]


def test_a_plan_that_is_none_is_told(tmp_path):
    for words in ([], [tmp_path / "keeper.conf"]):
        argv = [sys.executable, "-m", "entrykit.roles.certbot.keeper", *words]
        with Running(argv, {}, tmp_path / "log") as running:
            assert running.ended() == 64
    assert "Traceback" not in (tmp_path / "log").read_text()


# signals


@pytest.mark.parametrize("name", ["TERM", "INT"])
def test_a_stop_between_rounds_is_obeyed_within_a_second(keeping, name):
    keeping.set(RENEW_INTERVAL="12h")
    with keeping.start() as running:
        running.comes(lambda: "the next round is in" in keeping.said)

        assert stopped(running, name) == 0


@pytest.mark.parametrize("name", ["TERM", "INT"])
def test_a_stop_in_an_order_ends_certbot_and_the_next_start_completes(keeping, pebble, name):
    keeping.set(RENEW_INTERVAL="12h")
    with keeping.start() as running:
        (order,) = running.comes(lambda: keeping.orders(running))

        assert stopped(running, name) == 0
    assert not is_running(order)
    assert keeping.once() == 0
    assert keeping.lineages() == ["web"]
    assert pebble.issued() <= 2


def test_a_stop_while_haproxy_is_awaited_is_obeyed(keeping):
    keeping.set(HAPROXY_URL=f"http://127.0.0.1:{free_port()}", HAPROXY_WAIT="5m")
    with keeping.start() as running:
        running.comes(lambda: "waiting for HAProxy, 300 s at most" in keeping.said)

        assert stopped(running, "TERM") == 0


def test_a_stop_while_haproxy_does_not_answer_is_obeyed(keeping):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        keeping.set(HAPROXY_URL=f"http://127.0.0.1:{silent.getsockname()[1]}")
        with keeping.start() as running:
            asked, _ = running.comes(silent.accept)

            with asked:
                assert stopped(running, "TERM") == 0


def test_one_round_that_is_stopped_has_not_succeeded(keeping):
    keeping.set(RENEW_INTERVAL="0")
    with keeping.start() as running:
        running.comes(lambda: keeping.orders(running))

        assert stopped(running, "TERM") == 128 + signal.SIGTERM


def stopped(running, name):
    """Send a signal and return the exit code; an error if that takes more than a second."""
    running.process.send_signal(signal.Signals[f"SIG{name}"])
    return running.ended(1)


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


# HAProxy in front


def test_the_first_order_waits_until_haproxy_leads_to_certbot(keep, pebble, tmp_path):
    port = free_port()
    keeping = keep(
        pebble,
        DOMAINS="web:a.test",
        HAPROXY_URL=f"http://127.0.0.1:{port}",
        HAPROXY_WAIT="1m",
        RENEW_INTERVAL="0",
    )
    with keeping.start() as running:
        running.comes(lambda: "waiting for HAProxy, 60 s at most: no answer" in keeping.said)
        with proxy(tmp_path, pebble.http_port, port=port):
            assert running.ended() == 0
    assert "left out" not in keeping.said


def test_stateless_haproxy_answers_with_the_thumbprint_that_was_printed(
    keep, pebble, tmp_path, search_path, evidence
):
    file = tmp_path / "thumbprint"
    port = str(pebble.http_port)
    keeping = keep(
        pebble,
        DOMAINS="web:a.test",
        CHALLENGE="stateless",
        THUMBPRINT_FILE=file,
        ACME_PORT=free_port(),
    )
    with keeping.start("--thumbprint") as running:
        assert running.ended() == 0
    thumbprint = file.read_text().strip()
    assert thumbprint in keeping.said
    with Edges(tmp_path, None, search_path, evidence) as edges:
        edges(DOMAINS="127.0.0.1:1:a.test", ACME_THUMBPRINT=thumbprint, HTTP_PORT=port)

        assert keeping.once() == 0
    assert keeping.names("web") == ["a.test"]


@contextmanager
def proxy(folder, behind, *, port=None, refused="no.test"):
    """A HAProxy that leads every name but one to a port; yields its URL."""
    port = port or free_port()
    config = folder / "proxy.cfg"
    config.write_text(
        "defaults\n mode http\n timeout connect 1s\n timeout client 5s\n timeout server 5s\n"
        f"frontend f\n bind 127.0.0.1:{port}\n"
        f" http-request return status 404 if {{ req.hdr(host) {refused} }}\n"
        f" default_backend b\nbackend b\n server s 127.0.0.1:{behind}\n"
    )
    path = {"PATH": "/usr/sbin:/usr/bin:/bin"}
    with Running(["haproxy", "-f", config], path, folder / "proxy.log") as running:
        running.comes(lambda: socket.create_connection(("127.0.0.1", port), 1).close() is None)
        yield f"http://127.0.0.1:{port}"
