"""How it starts, whom it becomes, and what signals do to it."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
from pathlib import Path
from tempfile import TemporaryFile

import pytest
from haproxy.client import ask, connect, written
from haproxy.edge import PROGRAM
from haproxy.namespaces import read_only
from haproxy.polling import eventually
from haproxy.ports import free_port

pytestmark = pytest.mark.versions

FILES = {"a.test/index.html": "a"}
ENTRYPOINT = """#!/bin/sh
# As that of the official image: it runs what lies in a folder only for nginx itself.
if [ "$1" = nginx ]; then echo "entrypoint.d ran for: $*"; fi
exec "$@"
"""
AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=0", "--clear-groups")


@pytest.fixture
def entrypoint(open_folder):
    path = open_folder / f"entrypoint-{free_port()}.sh"
    path.write_text(ENTRYPOINT)
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("command", "given"),
    [
        ((), "nginx -c {main} -g daemon off;"),
        (("nginx", "-g", "daemon off;"), "nginx -c {main} -g daemon off;"),
        (("-g", "daemon off;"), "nginx -c {main} -g daemon off;"),
        (("nginx",), "nginx -c {main} -g daemon off;"),
    ],
)
def test_the_images_entrypoint_gets_the_command_with_our_file(web, entrypoint, command, given):
    """The image's own command names none, and would read the file of nginx's package."""
    served = web.made(FILES, DOMAINS="a.test", ENTRYKIT_UPSTREAM=entrypoint).running(*command)
    served.start()

    expected = given.format(main=f"{served.config}/nginx.conf")
    assert served.access_log[0].decode() == f"entrypoint.d ran for: {expected}"
    assert served.text("a.test") == (200, "a")


def test_nginx_by_its_path_reads_our_file_too(web, search_path, entrypoint):
    """What the image runs for `nginx` alone it does not run then: that is its own rule."""
    program = f"{search_path.split(':')[0]}/nginx"
    served = web.made(FILES, DOMAINS="a.test", ENTRYKIT_UPSTREAM=entrypoint).running(program)
    served.start()

    assert served.text("a.test") == (200, "a")
    assert served.access_log[0].endswith(b'"-" "-"')


def test_a_command_with_a_file_of_its_own_is_warned_about(web):
    served = web.made(FILES, DOMAINS="a.test").running("nginx", "-t", "-c", "/etc/nginx/nginx.conf")
    served.launch()
    served.ended()

    assert f"the command does not name {served.config}/nginx.conf" in served.said


def test_it_becomes_nginx_itself(web):
    served = web(FILES, DOMAINS="a.test")

    assert os.readlink(f"/proc/{served.pid}/exe").endswith("nginx")


def test_a_graceful_stop_lets_a_download_end(web):
    """SIGQUIT, as `docker stop` sends it in the official image; nothing new is accepted."""
    size = 20_000_000
    served = web(FILES | {"a.test/large": b"x" * size}, DOMAINS="a.test")
    with served.connect("HTTP") as connection:
        connection.sendall(written("a.test", "/large", headers=[("Connection", "close")]))
        received = len(connection.recv(1))
        served.signal("QUIT")
        eventually(lambda: refused(served))
        while data := connection.recv(1 << 20):
            received += len(data)

    assert received > size
    assert served.ended() == 0


def refused(web):
    try:
        connect(web.port("HTTP")).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_graceful_stop_does_not_wait_for_ever(web):
    """For a client that has nothing to say, that is SHUTDOWN_TIMEOUT."""
    served = web(FILES, DOMAINS="a.test", SHUTDOWN_TIMEOUT="200ms")
    with socket.create_connection(("127.0.0.1", served.port("HTTP"))):
        served.signal("QUIT")
        eventually(lambda: served._process.poll() is not None, 5)

    assert served.ended() == 0


def test_a_fast_stop(web):
    served = web(FILES, DOMAINS="a.test")
    served.signal("TERM")

    assert served.ended() == 0


def test_a_reload_reads_the_files_again(web):
    served = web(FILES | {"b.test/index.html": "b"}, DOMAINS="a.test")
    assert served.get("b.test").status == 421
    with (served.config / "sites.map").open("a") as sites:
        sites.write("b.test b.test;\n")
    before = served.pid
    served.signal("HUP")

    eventually(lambda: served.text("b.test") == (200, "b"))
    assert served.pid == before


def test_a_reload_with_files_that_nginx_refuses_changes_nothing(web):
    served = web(FILES, DOMAINS="a.test")
    (served.config / "nginx.conf").write_text("nonsense;")
    served.signal("HUP")

    eventually(lambda: "nonsense" in served.said)
    assert served.text("a.test") == (200, "a")


def test_workers_are_not_root(web):
    served = web(FILES, DOMAINS="a.test", WORKER_PROCESSES="1")
    children = f"/proc/{served.pid}/task/{served.pid}/children"
    with open(children, encoding="ascii") as numbers:
        (worker,) = numbers.read().split()

    assert os.stat(f"/proc/{worker}").st_uid != 0
    assert os.stat(f"/proc/{served.pid}").st_uid == os.geteuid()


@pytest.mark.parametrize("logs", ["combined", "per-domain"])
def test_any_user_of_group_0_will_do(web, logs):
    """Who can write CONFIG_DIR by its group, and by it the folder of logs."""
    served = web.made(FILES, DOMAINS="a.test", NGINX_LOGS=logs).prefixed(AS_NOBODY)
    for folder in (served.config, served.logs):
        folder.mkdir()
        folder.chmod(0o775)
    for stream in ("stdout", "stderr"):
        # As a container's are: of the user that it runs as.
        path = served.folder / f"{stream}.log"
        path.touch()
        os.chown(path, 65534, 0)
    served.start()

    assert served.text("a.test") == (200, "a")
    assert os.stat(f"/proc/{served.pid}").st_uid == 65534
    if logs == "per-domain":
        eventually(lambda: "GET / " in (served.logs / "a.test.log").read_text())


def test_a_stdout_of_another_user_costs_the_access_log_and_no_more(web):
    """As after `su`: nginx would not start."""
    served = web.made(FILES, DOMAINS="a.test").prefixed(AS_NOBODY)
    served.config.mkdir()
    served.config.chmod(0o775)
    served.launch()
    eventually(lambda: served.text("a.test") == (200, "a"))

    assert "warning: no access log: nginx cannot open /dev/stdout" in served.said
    assert served.access_log == []


def test_another_user_may_follow_on_root(web):
    """Nothing that root's nginx has left behind is in the way."""
    served = web.made(FILES, DOMAINS="a.test", NGINX_LOGS="per-domain")
    served.config.mkdir()
    served.logs.mkdir()
    served.start().signal("TERM")
    served.ended()
    # As after a kill: by then root's nginx has gone, and its pid file has not.
    (served.config / "nginx.pid").write_text("1\n")
    for folder in (served.config, served.logs):
        folder.chmod(0o777)
    for stream in ("stdout", "stderr"):
        os.chown(served.folder / f"{stream}.log", 65534, 0)

    assert served.prefixed(AS_NOBODY).start().text("a.test") == (200, "a")


def test_logs_that_cannot_be_written_are_told_of(web):
    served = web.made(FILES, DOMAINS="a.test", NGINX_LOGS="per-domain").prefixed(AS_NOBODY)
    served.config.mkdir()
    served.config.chmod(0o775)
    served.logs.mkdir()
    served.launch()

    assert served.ended() == 73
    assert f"{served.logs}: Permission denied (as uid 65534)" in served.said
    assert "write to LOG_DIR" in served.said


def test_one_folder_to_write_to_is_enough(web, open_folder):
    """With a root that is read-only, and a /tmp that is as well."""
    served = web.made(FILES, DOMAINS="a.test").prefixed(read_only("/tmp"))
    served.config = open_folder.parents[1] / "run" / f"entrykit-test-{free_port()}"
    served.environ["CONFIG_DIR"] = str(served.config)
    served.config.mkdir()
    try:
        assert served.start().text("a.test") == (200, "a")
        assert (served.config / "nginx.pid").exists()
    finally:
        served.stop()
        subprocess.run(["rm", "-r", served.config], check=True)


def test_health_is_on_loopback_and_for_any_host(web):
    served = web(FILES, DOMAINS="a.test", BIND="127.0.0.2")

    assert served.health().status == 200
    assert served.health("/").status == 404
    with pytest.raises(ConnectionRefusedError):
        connect(served.port("HEALTH"), "127.0.0.2")
    with connect(served.port("HTTP"), "127.0.0.2") as connection:
        assert ask(connection, written("a.test")).status == 200


def test_a_file_of_somebody_elses_is_left_alone(web):
    served = web.made(FILES, DOMAINS="a.test")
    served.config.mkdir()
    (served.config / "nginx.conf").write_text("# mine\n")
    served.launch()

    assert served.ended() == 73
    assert (served.config / "nginx.conf").read_text() == "# mine\n"


def test_lines_that_nginx_refuses_end_the_start(web):
    served = web.made(FILES, DOMAINS="a.test", NGINX_EXTRA_SERVER="nonsense here;")
    served.launch()

    assert served.ended() == 65
    assert 'unknown directive "nonsense"' in served.said
    assert not (served.config / "nginx.conf").exists()
    assert not (served.config / "nginx.pid").exists()


def test_a_refused_start_leaves_the_pid_of_who_runs(web):
    served = web(FILES, DOMAINS="a.test")
    again = web.made(FILES, DOMAINS="a.test", NGINX_EXTRA_HTTP="nonsense;")
    again.environ |= {"CONFIG_DIR": str(served.config)}
    again.launch()

    assert again.ended() == 65
    assert (served.config / "nginx.pid").read_text() == f"{served.pid}\n"


def test_a_port_of_roots_is_told_to_others_as_what_it_is(web):
    """Where the kernel is not told otherwise, as by container runtimes."""
    least = "echo 1024 > /proc/sys/net/ipv4/ip_unprivileged_port_start"
    served = web.made(FILES, DOMAINS="a.test", HTTP_PORT="80")
    inside = ("sh", "-euc", f'{least}; exec "$@"', "sh", *AS_NOBODY)
    served.prefixed(("unshare", "--net", *inside))
    served.config.mkdir()
    served.config.chmod(0o775)
    served.launch()

    assert served.ended() == 65
    assert "TIP: ports below 1024 are reserved for root: choose a higher one" in served.said


def test_lines_of_ones_own_take_effect_and_are_for_few(web):
    served = web(
        FILES,
        DOMAINS="a.test",
        NGINX_EXTRA_HTTP="map $uri $mine { default mine; }",
        NGINX_EXTRA_SERVER="location = /mine { return 418 $mine; }",
    )

    assert served.text("a.test", "/mine") == (418, "mine")
    assert stat.S_IMODE((served.config / "nginx.conf").stat().st_mode) == 0o640


@pytest.fixture
def rendered(open_folder, search_path):
    """Write the files for some variables, and say what nginx says of them."""

    ports = []

    def judged(variables, prefix=()):
        ports.append(variables["HTTP_PORT"])
        folder = open_folder / f"out{free_port()}"
        environ = {"PATH": search_path, **variables}
        subprocess.run([PROGRAM, "render", "nginx-static", "-o", folder], env=environ, check=True)
        argv = [*prefix, "nginx", "-t", "-c", folder / "nginx.conf"]
        with TemporaryFile() as out:
            os.fchown(out.fileno(), 65534, 0)
            return subprocess.run(
                argv,
                env=environ,
                cwd="/",
                stdout=out,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )

    yield judged
    for port in ports:
        for path in Path("/tmp").glob(f"entrykit-{port}-*-*"):
            path.rmdir() if path.is_dir() else path.unlink()


def test_users_with_folders_of_their_own_are_not_in_each_others_way(rendered):
    """Though it is the same port: nginx opens its pid file to judge."""
    variables = {"DOMAINS": "example.com", "HTTP_PORT": str(free_port())}

    assert rendered(variables, AS_NOBODY).returncode == 0
    assert rendered(variables).returncode == 0
    assert rendered(variables, AS_NOBODY).returncode == 0


EVERYTHING = {
    "DOMAINS": "web:example.com,www.example.com,*.example.org api:api.example.com",
    "NGINX_APP": "web",
    "SPA": "on",
    "NGINX_LOGS": "json",
    "TRUSTED_PROXIES": "10.0.0.0/8,2001:db8::/32",
    "ACCEPT_PROXY": "on",
    "NGINX_HEADERS": '{"X-A": "b"}',
    "WORKER_PROCESSES": "4",
}
CASES = {
    "DOMAINS alone": {"DOMAINS": "example.com"},
    "everything": EVERYTHING,
    "per domain": EVERYTHING | {"NGINX_LOGS": "per-domain"},
    "many": {"DOMAINS": ",".join(f"domain-number-{n}.example.com" for n in range(3000))},
}


@pytest.mark.parametrize("prefix", [(), AS_NOBODY], ids=["root", "nobody"])
@pytest.mark.parametrize("variables", CASES.values(), ids=CASES)
def test_nginx_has_nothing_to_say_of_what_is_rendered(rendered, variables, prefix):
    """From any folder, and for any user."""
    variables = {"HTTP_PORT": str(free_port()), **variables}
    verdict = rendered(variables, prefix)

    assert verdict.returncode == 0, verdict.stderr
    complaints = [line for line in verdict.stderr.splitlines() if "[" in line]
    # What this nginx was built with is not ours to say.
    assert [line for line in complaints if "could not open error log" not in line] == []
