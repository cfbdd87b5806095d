"""Signals do what they do to HAProxy alone: one table, and both sides run."""

from __future__ import annotations

import signal
import socket
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest
from haproxy.polling import eventually
from programs import (
    ENTRYKIT,
    Running,
    answer,
    edge_environ,
    entrykit,
    serves,
)

OLD, NEW = "/healthz", "/ready"  # what a reload changes


class Edge:
    """HAProxy in its master-worker mode, with or without entrykit before it."""

    def __init__(self, running, environ):
        self.running = running
        self.environ = environ
        self.port = int(environ["HEALTH_PORT"])
        self.worker = running.children

    def change(self):
        """Change the file: a daemon that reads it again answers at another path."""
        main = Path(self.environ["CONFIG_DIR"], "haproxy.cfg")
        main.write_text(main.read_text().replace(f"monitor-uri {OLD}", f"monitor-uri {NEW}"))

    def state(self):
        """What can be seen: exit status, whether the worker is another one, what is served."""
        code = self.running.process.poll()
        if code is not None:
            return ("ended", code)
        served = [path for path in (OLD, NEW) if self._answers(path)]
        return ("same" if self.running.children == self.worker else "another", *served)

    def _answers(self, path):
        with suppress(OSError):
            return answer(self.port, path) == 200
        return False


@pytest.fixture(params=["alone", "through entrykit"])
def edge(request, tmp_path, search_path, evidence):
    """One that serves; what it is given is the same on both sides."""
    environ = edge_environ(tmp_path / "config", search_path) | {
        "HAPROXY_HARD_STOP_AFTER": "1s",
        "TIMEOUT_REQUEST": "1m",
    }
    argv = [ENTRYKIT, "haproxy"]
    if request.param == "alone":
        process = entrykit("render", "haproxy", "-o", environ["CONFIG_DIR"], environ=environ)
        assert process.returncode == 0, process.stderr
        argv = ["haproxy", "-W", "-db", "-f", f"{environ['CONFIG_DIR']}/haproxy.cfg"]
    with Running(argv, environ, tmp_path / "log") as running:
        running.comes(lambda: serves(running.pid, environ))
        evidence.append(running.evidence)
        yield Edge(running, environ)
        evidence.remove(running.evidence)


TABLE = {
    "TERM": ("ended", 0),
    "INT": ("ended", 130),
    "USR1": ("ended", 0),
    "USR2": ("another", NEW),
    "HUP": ("another", NEW),
    "TTOU": ("same",),
    "KILL": ("ended", -9),
    "ABRT": ("ended", -6),
}


@pytest.mark.versions
@pytest.mark.parametrize("name", list(TABLE))
def test_a_signal_has_the_same_outcome_with_entrykit_and_without(edge, name):
    """It goes to the process that was started, as an engine sends it."""
    edge.change()

    edge.running.process.send_signal(signal.Signals[f"SIG{name}"])

    eventually(lambda: edge.state() == TABLE[name], 30)


@pytest.mark.versions
@pytest.mark.parametrize("name", ["QUIT", "PIPE", "WINCH"])
def test_other_signals_do_nothing_to_either(edge, name):
    """It goes on, as the reload after it shows."""
    edge.running.process.send_signal(signal.Signals[f"SIG{name}"])
    assert edge.state() == ("same", OLD)

    edge.change()
    edge.running.process.send_signal(signal.SIGUSR2)

    eventually(lambda: edge.state() == ("another", NEW), 30)


@pytest.mark.versions
def test_a_graceful_stop_takes_no_longer_than_it_may(edge):
    """One connection is idle and kept alive, one is in the middle of a request for a minute."""
    with closing(HTTPConnection("127.0.0.1", edge.port)) as idle:
        idle.request("GET", OLD)
        idle.getresponse().read()
        with socket.create_connection(("127.0.0.1", edge.environ["HTTP_PORT"])) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\n")
            edge.running.process.send_signal(signal.SIGUSR1)

            assert edge.running.ended(20) == 0


@pytest.mark.versions
def test_a_reload_with_a_broken_file_leaves_the_old_worker_serving(edge):
    main = Path(edge.environ["CONFIG_DIR"], "haproxy.cfg")
    main.write_text(f"{main.read_text()}\ngarbage\n")

    edge.running.process.send_signal(signal.SIGUSR2)

    eventually(lambda: b"garbage" in edge.running.log.read_bytes())
    edge.running.comes(lambda: serves(edge.running.pid, edge.environ))
    eventually(lambda: edge.state() == ("same", OLD))
    edge.running.process.send_signal(signal.SIGTERM)
    # After a failed reload the master executes itself twice; in between TERM finds no handler.
    assert edge.running.ended(20) in {0, -signal.SIGTERM}
