"""tools/in-image/healthy: the daemon's own word, whichever client an image has."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from haproxy.ports import free_port

HEALTHY = Path(__file__).resolve().parents[2] / "tools/in-image/healthy"
CLIENTS = ("curl", "wget", "bash")  # wget is GNU's here; tests/containers have Alpine's


@pytest.fixture(params=CLIENTS)
def asked(request, tmp_path):
    """Ask with one client, and nothing else to be found: the exit code."""
    for name in (request.param, "env"):
        (tmp_path / name).symlink_to(shutil.which(name))
    environ = {"PATH": str(tmp_path), "http_proxy": "http://127.0.0.1:1"}

    def asked(address):
        argv = [HEALTHY, str(address), "/healthz"]
        done = subprocess.run(argv, env=environ, capture_output=True, check=False, timeout=30)
        assert done.stdout == b""
        return done.returncode

    return asked


@contextmanager
def answering(status, host="127.0.0.1"):
    """A server on one address that answers /healthz with a status, and has its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status if self.path == "/healthz" else 500)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    class Server(HTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    with Server((host, free_port()), Answer) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (204, 0), (404, 1), (500, 1), (503, 1)])
def test_it_is_what_the_daemon_says(asked, status, code):
    """And no proxy of the container's is asked."""
    with answering(status) as port:
        assert asked(port) == code


@pytest.mark.parametrize("host", ["127.0.0.2", "::1"])
def test_a_daemon_on_one_address_is_asked_there(asked, host):
    """Where it does not hear 127.0.0.1, it is no less healthy."""
    with answering(200, host) as port:
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        assert [asked(address), asked(port)] == [0, 1]


@pytest.mark.parametrize("everywhere", ["", ":", "0.0.0.0:", "[::]:"])
def test_a_daemon_on_every_address_is_asked_on_loopback(asked, everywhere):
    with answering(200) as port:
        assert asked(f"{everywhere}{port}") == 0


def test_nobody_there_is_not_healthy(asked):
    assert asked(free_port()) == 1


def test_somebody_who_says_nothing_is_not_healthy(asked):
    """After three seconds: the engine would wait for five."""
    with socket.create_server(("127.0.0.1", free_port())) as server:
        assert asked(server.getsockname()[1]) == 1


def test_no_python_is_started():
    """It happens every few seconds, for as long as a container lives."""
    lines = HEALTHY.read_text().splitlines()

    assert lines[0] == "#!/bin/sh"
    assert not [line for line in lines if "python" in line and not line.startswith("#")]
    assert os.access(HEALTHY, os.X_OK)
