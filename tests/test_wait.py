"""`entrykit wait` and ENTRYKIT_WAIT: limited, parallel, reported, and stopped at once."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from haproxy.authority import Authority
from haproxy.ports import free_port
from programs import ENTRYKIT, Running, edge_environ, entrykit, script

ENVIRON = {"PATH": "/usr/bin:/bin"}


def wait(*words, environ=ENVIRON):
    return entrykit("wait", *words, environ=environ)


@contextmanager
def listening(port=0, family=socket.AF_INET, address="127.0.0.1"):
    """A socket that takes connections and says nothing; its port."""
    with socket.socket(family) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, port))
        server.listen()
        yield server.getsockname()[1]


@contextmanager
def serving(status, context=None):
    """An HTTP server that answers with one status, and what it was asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers["Host"]))
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# what is there


def test_all_that_is_there_is_told_and_it_ends_with_0(tmp_path):
    path = tmp_path / "socket"
    with listening() as port, socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        done = wait(f"tcp://127.0.0.1:{port}", f"unix:{path}", f"file:{tmp_path}")

    assert (done.returncode, done.stdout) == (0, "")
    listed = f"tcp://127.0.0.1:{port}, unix:{path}, file:{tmp_path}"
    assert done.stderr.startswith(f"entrykit: waiting for {listed}, at most 30 s\n")
    assert done.stderr.count(": available after ") == 3


def test_an_address_of_ipv6_is_written_in_brackets():
    with listening(family=socket.AF_INET6, address="::1") as port:
        assert wait(f"tcp://[::1]:{port}").returncode == 0


def test_what_comes_later_is_waited_for(tmp_path):
    """A name, a server and a file, in any order."""
    port = free_port()
    path = tmp_path / "file"
    words = ["wait", f"tcp://127.0.0.1:{port}", f"file:{path}"]
    with Running([ENTRYKIT, *words], ENVIRON, tmp_path / "log") as running:
        running.comes(lambda: "No such file" in running.log.read_text())
        running.comes(lambda: "Connection refused" in running.log.read_text())
        path.touch()
        running.comes(lambda: f"file:{path}: available after" in running.log.read_text())
        with listening(port):
            assert running.ended(5) == 0

    said = running.log.read_text()
    assert said.count("No such file") == 1
    assert said.count("Connection refused") == 1


@pytest.mark.parametrize(("status", "code"), [(200, 0), (204, 0), (302, 0), (404, 69), (503, 69)])
def test_http_is_there_with_a_status_below_400(status, code):
    """What is asked for is the path, with the query that no message shows."""
    with serving(status) as (port, asked):
        done = wait(f"http://127.0.0.1:{port}/health?token=hunter2", "--timeout", "3s")

    assert done.returncode == code
    assert set(asked) == {("/health?token=hunter2", f"127.0.0.1:{port}")}
    assert "hunter2" not in done.stderr
    assert (f"(last: status {status})" in done.stderr) == bool(code)


def test_what_is_no_http_is_not_there():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def answer():
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client:
                    client.sendall(b"SSH-2.0-x\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        done = wait(f"http://127.0.0.1:{server.getsockname()[1]}", "--timeout", "3s")
        server.shutdown(socket.SHUT_RDWR)
        thread.join()

    assert done.returncode == 69
    assert "no HTTP" in done.stderr or "reset" in done.stderr


def test_https_is_there_with_a_certificate_that_is_trusted_only(tmp_path):
    authority = Authority()
    (tmp_path / "ca.pem").write_bytes(authority.root)
    trusting = ENVIRON | {"SSL_CERT_FILE": str(tmp_path / "ca.pem")}
    with serving(200, authority.server("localhost")) as (port, _):
        good = wait(f"https://localhost:{port}", "--timeout", "20s", environ=trusting)
        other = wait(f"https://127.0.0.1:{port}", "--timeout", "1s", environ=trusting)
        unknown = wait(f"https://localhost:{port}", "--timeout", "1s")

    assert [done.returncode for done in (good, other, unknown)] == [0, 69, 69]
    assert "last: certificate verify failed: IP address mismatch" in other.stderr
    assert "last: certificate verify failed: " in unknown.stderr


# what is not


def test_what_does_not_come_is_told_with_what_was_seen_last():
    port = free_port()

    done = wait(f"tcp://127.0.0.1:{port}", "file:/absent", "file:/", "tcp://no.invalid:1",
                "--timeout", "700ms")  # fmt: skip

    assert done.returncode == 69
    errors = [line for line in done.stderr.splitlines() if line.startswith("entrykit: error: ")]
    assert errors[:2] == [
        (
            f"entrykit: error: tcp://127.0.0.1:{port}: not available after 0.7 s "
            "(last: Connection refused)"
        ),
        (
            "entrykit: error: file:/absent: not available after 0.7 s "
            "(last: No such file or directory)"
        ),
    ]
    assert errors[2].startswith("entrykit: error: tcp://no.invalid:1: not available after 0.7 s")
    assert len(errors) == 3


def test_what_cannot_be_looked_at_is_told_and_no_bug():
    """As where a limit of processes is reached; here by threads larger than any memory."""
    limited = ["sh", "-c", 'ulimit -s 274877906944; exec "$@"', "sh", ENTRYKIT]

    done = subprocess.run([*limited, "wait", "file:/"], env=ENVIRON, capture_output=True,
                          text=True, timeout=60, check=False)  # fmt: skip

    assert done.returncode == 69
    assert done.stderr.splitlines()[-1] == (
        "entrykit: error: file:/: cannot be probed: can't start new thread"
    )


def test_they_are_waited_for_side_by_side(tmp_path):
    """One that hangs holds up no other, not even behind nineteen of its kind."""
    with listening() as silent:
        hanging = [f"http://127.0.0.1:{silent}/{number}" for number in range(20)]
        done = wait(*hanging, f"file:{tmp_path}", "--timeout", "2s")

    assert done.returncode == 69
    assert f"entrykit: file:{tmp_path}: available after " in done.stderr
    assert done.stderr.count("(last: no answer yet)") == 20


@pytest.mark.parametrize(("name", "code"), [("TERM", 143), ("INT", 130)])
def test_it_ends_at_once_when_it_is_told_to(tmp_path, name, code):
    """Also while a connection hangs."""
    with listening() as silent:
        words = ["wait", f"http://127.0.0.1:{silent}", "file:/absent", "--timeout", "1h"]
        with Running([ENTRYKIT, *words], ENVIRON, tmp_path / "log") as running:
            running.comes(lambda: "No such file" in running.log.read_text())

            os.kill(running.pid, signal.Signals[f"SIG{name}"])

            assert running.ended(2) == code


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["db:5432"], '"db:5432": not a target'),
        (["tcp://a:1", "--timeout", "30"], '--timeout "30": not a duration'),
        ([], "the following arguments are required: TARGET"),
        (["file:/", "--"], "no program after --"),
    ],
)
def test_wrong_words_are_refused_at_once(words, said):
    done = wait(*words)

    assert done.returncode == 64
    assert said in done.stderr


# the command


def test_the_command_is_executed_when_all_is_there(tmp_path):
    """It is the same process, and none is left beside it."""
    script(tmp_path / "mine", 'echo $$ "$@" ${X-unset}; ls /proc/$$/task | wc -l')

    with Running([ENTRYKIT, "wait", "file:/", "--", tmp_path / "mine", "a", "--", "b"],
                 ENVIRON, tmp_path / "log") as running:  # fmt: skip
        assert running.ended() == 0

    assert running.log.read_text().splitlines()[-2:] == [f"{running.pid} a -- b unset", "1"]


def test_the_command_is_not_executed_when_something_is_not(tmp_path):
    done = wait("file:/absent", "--timeout", "100ms", "--", "touch", tmp_path / "started")

    assert done.returncode == 69
    assert not (tmp_path / "started").exists()


def test_a_command_that_is_not_there_is_told_before_the_wait():
    done = wait("file:/absent", "--timeout", "1h", "--", "nosuch")

    assert done.returncode == 127


# before a role


@pytest.fixture
def environ(tmp_path, search_path):
    upstream = script(tmp_path / "upstream", "echo started")
    return edge_environ(tmp_path / "config", search_path) | {"ENTRYKIT_UPSTREAM": str(upstream)}


def test_a_role_waits_before_its_files_are_judged_and_written(tmp_path, environ):
    """What is waited for may be what the check needs."""
    folder = Path(environ["CONFIG_DIR"])
    given = environ | {"ENTRYKIT_WAIT": f"file:{tmp_path}/come"}
    with Running([ENTRYKIT, "haproxy"], given, tmp_path / "log") as running:
        running.comes(lambda: "No such file" in running.log.read_text())
        assert not (folder / "haproxy.cfg").exists()
        (tmp_path / "come").touch()
        assert running.ended() == 0

    assert "started" in running.log.read_text()
    assert (folder / "haproxy.cfg").exists()


def test_a_role_that_waits_in_vain_writes_nothing_and_ends_with_69(environ):
    given = environ | {"ENTRYKIT_WAIT": "file:/absent", "ENTRYKIT_WAIT_TIMEOUT": "100ms"}

    done = entrykit("haproxy", environ=given)

    assert done.returncode == 69
    assert (
        "file:/absent: not available after 0.1 s (last: No such file or directory)" in done.stderr
    )
    assert not Path(environ["CONFIG_DIR"]).exists()


@pytest.mark.parametrize("words", [["render"], ["check"], ["diff"]], ids=str)
def test_verbs_of_a_role_do_not_wait(words, environ):
    done = entrykit(*words, "haproxy", environ=environ | {"ENTRYKIT_WAIT": "file:/absent"})

    assert done.returncode in {0, 1}
    assert "waiting" not in done.stderr


def test_a_command_of_a_persons_own_does_not_wait(environ):
    done = entrykit("haproxy", "echo", "mine", environ=environ | {"ENTRYKIT_WAIT": "file:/absent"})

    assert (done.returncode, done.stdout) == (0, "mine\n")


def test_a_bad_variable_is_told_before_the_wait(environ):
    done = entrykit("haproxy", environ=environ | {"ENTRYKIT_WAIT": "db", "HTTP_PORT": "x"})

    assert done.returncode == 78
    assert "HTTP_PORT" in done.stderr
    assert 'ENTRYKIT_WAIT: "db": not a target' in done.stderr
