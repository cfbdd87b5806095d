"""certbot's deploy hook: what certbot runs, and what it gets back."""

from __future__ import annotations

import json
import os
import signal
import stat
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingUnixStreamServer
from threading import Thread

import pytest
from certbot.lineages import Lineages, identity, pause, serial, worker
from certbot.load import Load
from haproxy.apps import App
from haproxy.authority import Authority
from haproxy.edge import Edges
from haproxy.polling import eventually
from namespaces import UNSHARE

pytestmark = pytest.mark.versions

CA = Authority()


@pytest.fixture
def edge(tmp_path, search_path, evidence):
    with App("web") as web, Edges(tmp_path, CA, search_path, evidence) as edges:
        yield edges(DOMAINS=web.serves("one.test", "two.test"), ADMIN_SOCKET="run/a.sock")


@pytest.fixture
def lineages(tmp_path, edge):
    socket = edge.environ["ADMIN_SOCKET"]
    return Lineages(tmp_path / "letsencrypt", edge.certs, CA, admin_socket=socket)


def test_a_renewed_lineage_is_presented_under_load(edge, lineages):
    """Before the hook ends; the others stay as they are, and no request fails."""
    lineages.issue("web", "one.test")
    two = lineages.issue("two", "two.test")
    lineages.deliver("web", "two")
    before = identity(edge)
    numbers = {"one.test": lineages.issue("web", "one.test"), "two.test": two}
    lineages.issue("two", "two.test")

    with Load(edge, "one.test"), Load(edge, "two.test"):
        done = lineages.hook("web")
        assert {host: serial(edge, host) for host in numbers} == numbers

    assert done.returncode == 0, done.stderr
    assert "HAProxy now serves web.pem" in done.stderr
    assert identity(edge) == before


def test_one_that_is_not_wanted_any_more_stays_until_the_keeper_comes(lineages):
    """The hook only adds: it does not know what else is wanted."""
    for name in ("one", "two"):
        lineages.issue(name, f"{name}.test")
        assert lineages.hook(name).returncode == 0

    assert {"one.pem", "two.pem"} <= set(os.listdir(lineages.certs))


@pytest.mark.parametrize("renewed", ["", "/", "/elsewhere/live/web", "{}/archive/web", "{}/live/"])
def test_what_is_no_lineage_is_refused(lineages, renewed):
    renewed = renewed.format(lineages.config)

    done = lineages.hook("web", environ={"RENEWED_LINEAGE": renewed})

    assert done.returncode == 64
    assert done.stderr.startswith("entrykit: error: RENEWED_LINEAGE is not a lineage in ")


def test_no_plan_is_said(lineages):
    conf = lineages.keeper_conf()
    conf.write_text("# nothing\n")
    lineages.keeper_conf = lambda: conf

    done = lineages.hook("web")

    assert done.returncode == 64
    assert f"{conf}: not a plan written by entrykit" in done.stderr


def test_a_socket_that_we_may_not_use_is_said_and_the_files_are_there(edge, lineages):
    """HAProxy's own user and root may; another one is told so, and that it is not presented."""
    number = lineages.issue("web", "one.test")
    for path in [*lineages.config.rglob("*"), lineages.config, lineages.certs]:
        os.chown(path, 12345, 12345)
    for path in [edge.folder, *edge.folder.parents]:
        if not path.stat().st_mode & 0o001:
            path.chmod(path.stat().st_mode | 0o111)
    prefix = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"]

    done = lineages.hook("web", prefix=prefix, certs_group=None)

    assert done.returncode == 1
    assert "warning: HAProxy cannot be reached at " in done.stderr
    assert "Permission denied" in done.stderr
    assert "HAProxy will serve the certificates after its next start" in done.stderr
    edge.stop()
    edge.start()
    assert serial(edge, "one.test") == number


def test_a_haproxy_that_hangs_does_not_hang_the_hook(edge, lineages):
    lineages.issue("web", "one.test")
    pid = worker(edge)
    pause(edge)
    try:
        done = lineages.hook("web")
    finally:
        os.kill(pid, signal.SIGCONT)

    assert done.returncode == 1
    assert "timed out: HAProxy will serve the certificates after its next start" in done.stderr


# the last resort


class Docker(ThreadingUnixStreamServer):
    """A stand-in for Docker: it takes the one request, and signals a process.

    Attributes:
        asked: the request lines so far.
        answers: the status and the body that it gives.
    """

    daemon_threads = True

    def __init__(self, folder, hung_up):
        self.folder, self.hung_up = folder, hung_up
        self.asked, self.answers = [], (204, b"")
        super().__init__(str(folder / "docker.sock"), _Handler)

    def __enter__(self):
        Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return super().__enter__()

    def __exit__(self, *_):
        self.shutdown()
        super().__exit__(*_)

    @property
    def prefix(self):
        """Have a command find it where Docker's socket is."""
        return [*UNSHARE, "sh", "-euc", 'mount --bind "$0" /run; exec "$@"', self.folder]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass

    def do_POST(self):
        self.server.asked.append(self.requestline)
        status, body = self.server.answers
        if status == 204:
            self.server.hung_up()
        self.send_response(status)
        if body:
            self.send_header("Content-Length", len(body))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def docker(tmp_path, edge):
    folder = tmp_path / "run"
    folder.mkdir()
    with Docker(folder, lambda: edge.signal("HUP")) as docker:
        yield docker


def test_without_a_socket_the_container_is_told_to_reload(edge, lineages, docker):
    """Once: there is nothing to reload where nothing has changed."""
    number = lineages.issue("web", "one.test")
    how = {"prefix": docker.prefix, "admin_socket": None, "haproxy_container": "my edge/1"}

    done = lineages.hook("web", **how)

    assert done.returncode == 0, done.stderr
    assert "ADMIN_SOCKET is not set: reloaded HAProxy" in done.stderr
    assert docker.asked == ["POST /containers/my%20edge%2F1/kill?signal=HUP HTTP/1.1"]
    eventually(lambda: serial(edge, "one.test") == number)
    assert lineages.hook("web", **how).stderr == ""
    assert len(docker.asked) == 1


def test_a_reload_that_has_failed_is_tried_again(edge, lineages, docker):
    """Also by a later delivery that finds nothing new."""
    number = lineages.issue("web", "one.test")
    how = {"prefix": docker.prefix, "admin_socket": None, "haproxy_container": "edge"}
    docker.answers = (404, b"{}")
    assert lineages.hook("web", **how).returncode == 1
    assert lineages.hook("web", **how).returncode == 1
    docker.answers = (204, b"")

    assert lineages.hook("web", **how).returncode == 0

    assert len(docker.asked) == 3
    eventually(lambda: serial(edge, "one.test") == number)
    assert lineages.hook("web", **how).stderr == ""


def test_somebody_elses_certificate_for_the_same_name_is_told_of(lineages):
    lineages.issue("web", "one.test", "two.test")
    lineages.issue("other", "two.test")
    live = lineages.config / "live" / "other"
    own = (live / "fullchain.pem").read_bytes() + (live / "privkey.pem").read_bytes()
    (lineages.certs / "own.pem").write_bytes(own)

    assert "own.pem is also a certificate for two.test" in lineages.hook("web").stderr


def test_where_the_socket_does_it_the_container_is_left_alone(edge, lineages, docker):
    number = lineages.issue("web", "one.test")

    done = lineages.hook("web", prefix=docker.prefix, haproxy_container="edge")

    assert done.returncode == 0, done.stderr
    assert (docker.asked, serial(edge, "one.test")) == ([], number)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ((404, json.dumps({"message": "No such container: x"}).encode()), "No such container: x"),
        ((500, b"<html>"), "Docker answers 500: <html>"),
    ],
)
def test_what_docker_says_is_told(lineages, docker, answers, said):
    docker.answers = answers
    lineages.issue("web", "one.test")

    done = lineages.hook("web", prefix=docker.prefix, admin_socket=None, haproxy_container="x")

    assert done.returncode == 1
    assert said in done.stderr
    assert "HAProxy will serve the certificates after its next start" in done.stderr


def test_no_docker_is_told(lineages, docker):
    lineages.issue("web", "one.test")
    (docker.folder / "docker.sock").unlink()

    done = lineages.hook("web", prefix=docker.prefix, admin_socket=None, haproxy_container="x")

    assert done.returncode == 1
    assert "/var/run/docker.sock" in done.stderr
    assert stat.S_ISREG((lineages.certs / "web.pem").stat().st_mode)
