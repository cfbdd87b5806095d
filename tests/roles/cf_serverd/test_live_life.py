"""Whom it becomes, what signals do to it, where its words go, and as whom it runs."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cf_serverd.hubs import Hubs
from cf_serverd.workdirs import programs
from haproxy.namespaces import own_network
from haproxy.polling import eventually
from programs import ENTRYKIT, children, environ_of, status

pytestmark = pytest.mark.versions

LINE = re.compile(r" *(verbose|info|notice|warning|error): \S.*")


def test_it_becomes_cf_serverd_itself(hub):
    """The same process, no child, nothing ignored that Python ignores."""
    served = hub()

    assert os.path.samefile(f"/proc/{served.pid}/exe", f"{programs()}/cf-serverd")
    assert children(served.pid) == []
    assert int(status(served.pid)["SigIgn"], 16) & 1 << signal.SIGXFSZ - 1 == 0


def test_it_stays_in_front_and_asks_for_no_lock(hub):
    served = hub()
    words = Path(f"/proc/{served.pid}/cmdline").read_bytes().decode().split("\0")[:-1]

    assert {"--no-fork", "--no-lock"} <= set(words)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(hub, number):
    served = hub()
    served.signal(number)

    assert served.ended() == 0


def test_it_ends_with_a_client_that_has_nothing_to_say(hub):
    served = hub()
    with socket.create_connection(("127.0.0.1", served.port)):
        served.signal(signal.SIGTERM)

        assert served.running.ended(20) == 0


def test_without_the_role_a_restart_after_a_kill_ends_at_once(hub):
    """With 0 and not a word: a lock in `state` holds for a minute."""
    server = hub.raw().policy()
    server.argv = (f"{programs()}/cf-serverd", "--no-fork")
    server.start().signal(signal.SIGKILL)
    server.ended()
    before = server.output
    server.launch()

    assert server.ended() == 0
    assert server.output == before


def test_a_restart_after_a_kill_works_at_once(hub):
    served = hub({"x": "x"})
    client = hub.client(served)
    served.signal(signal.SIGKILL)
    assert served.ended() == -signal.SIGKILL
    served.start()

    assert client.get("masterfiles/x", served.port).text == "x"


def test_as_the_first_process_of_its_namespace(hub):
    """PID 1: the kernel gives that no default for a signal."""
    made = hub.made({"x": "x"})
    made.prefix = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
    served = made.launch()
    (inside,) = served.running.comes(lambda: children(served.pid))
    made.running.comes(lambda: "Server is starting" in made.output)

    assert status(inside)["NSpid"].split()[-1] == "1"
    assert eventually(lambda: hub.client(made).get("masterfiles/x", made.port).text == "x")
    os.kill(inside, signal.SIGTERM)
    assert served.ended() == 0


def test_its_words_are_lines_of_one_form_on_stdout(hub, tmp_path):
    made = hub.made({"x": "x"}, CF_SERVERD_LOG_LEVEL="info")
    errors = tmp_path / "stderr"
    with errors.open("wb") as stream:
        served = made.launch(stderr=stream)
        served.running.comes(served.listening)
        client = hub.client(served)
        assert client.get("masterfiles/x", served.port).text == "x"
        assert hub.client().get("masterfiles/x", served.port).text is None
        served.says("TRUST FAILED")
        served.signal(signal.SIGTERM)
        assert served.ended() == 0

    lines = served.output.splitlines()
    assert [line for line in lines if line and not LINE.fullmatch(line)] == []
    assert any("Server is starting" in line for line in lines)
    assert any("Accepting connection" in line for line in lines)
    assert "Server is starting" not in errors.read_text()
    assert "\033" not in served.output


def test_keys_are_not_in_its_environment(hub):
    client = hub.client()
    keys = [(client.ppkeys / f"localhost.{kind}").read_text() for kind in ("priv", "pub")]
    made = hub.made(CF_SERVERD_PRIVATE_KEY=keys[0], CF_SERVERD_PUBLIC_KEY=keys[1])
    served = made.start()

    assert "CF_SERVERD_PRIVATE_KEY" not in environ_of(served.pid)
    assert keys[0].splitlines()[1] not in served.output
    assert made.digest == client.digest


def test_any_other_command_is_run_as_it_is(tmp_path):
    """With nothing configured, and no variable asked for."""
    environ = {"PATH": os.environ["PATH"], "CFENGINE_WORKDIR": str(tmp_path / "hub")}
    argv = [ENTRYKIT, "cf-serverd", "bash", "-c", "echo $$ $0 $1", "a", "b"]
    done = subprocess.Popen(argv, env=environ, stdout=subprocess.PIPE, text=True)
    output = done.communicate(timeout=60)[0]

    assert output == f"{done.pid} a b\n"
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [("cf-serverd",), ("--verbose",), ("cf-serverd", "--inform")])
def test_the_daemons_name_or_a_flag_is_a_start(hub, command):
    made = hub.made({"x": "x"})
    made.argv = (*made.argv, *command)
    served = made.start()

    assert served.listening() == {("127.0.0.1", served.port)}
    assert hub.client(served).get("masterfiles/x", served.port).text == "x"


@pytest.mark.parametrize(
    "words",
    [
        ("-f", "/nonexistent"),
        ("--file=/nonexistent",),
        ("--fil", "/nonexistent"),
        ("/nonexistent",),
        ("-t", "/nonexistent"),
        ("--graceful-detach", "/nonexistent"),
        ("-KC", "/nonexistent"),
        ("--col", "/nonexistent"),
    ],
)
def test_an_unchecked_policy_is_not_served(hub, words):
    """Without the role, a missing one is the built-in policy on every address."""
    server = hub.raw().policy()
    server.prefix = own_network()
    server.argv = (*server.argv, *words)
    server.start()
    made = hub.made()
    made.argv = (*made.argv, "cf-serverd", *words)
    made.launch()

    assert server.listening() == {("::", 5308)}
    assert made.ended() == 64, made.output
    assert "PROMISES_FILE" in made.output
    assert not made.promises.exists()


OPENED = """{% extends "!promises.cf.j2" %}
{% block clients %}
      opened:: allowconnects => { "" };
      !opened:: allowconnects => { "127.0.0.1" };
{% endblock %}
"""


def test_a_user_supplied_template_is_checked_with_the_classes_that_it_will_have(hub, tmp_path):
    (tmp_path / "promises.cf.j2").write_text(OPENED)
    made = hub.made(ENTRYKIT_TEMPLATES=str(tmp_path))
    made.argv = (*made.argv, "cf-serverd", "-D", "opened")
    made.launch()

    assert made.ended() == 64, made.output
    assert "checked without --define" in made.output


def test_the_checked_policy_may_be_named(hub):
    made = hub.made()
    made.argv = (*made.argv, "cf-serverd", "--file", str(made.promises))

    assert made.start().listening() == {("127.0.0.1", made.port)}


READ_ONLY = 'mount --bind "$0" "$0"; mount -o remount,bind,ro /; ! touch /entrykit-x; exec "$@"'


def test_one_folder_to_write_to_is_enough(hub):
    made = hub.made({"x": "x"})
    alone = ("unshare", "--mount", "--propagation", "private", "sh", "-ec", READ_ONLY)
    made.prefix = (*alone, str(made.path))
    served = made.start()

    assert "Read-only file system" in served.output  # touch
    assert hub.client(served).get("masterfiles/x", served.port).text == "x"


@pytest.fixture
def open_hub(evidence):
    """The same as `hub`, in a folder that other users can reach."""
    with TemporaryDirectory(prefix="entrykit-test-") as folder:
        os.chmod(folder, 0o755)
        with Hubs(Path(folder), evidence) as hubs:
            yield hubs


@pytest.mark.parametrize("uid", [65534, 54321], ids=["nobody", "a uid without a name"])
@pytest.mark.parametrize("owner", [True, False], ids=["its own folder", "its group's folder"])
def test_others_than_root_serve_files(open_hub, uid, owner):
    made = open_hub.made({"x": "x"})
    for path in (made.path, made.masterfiles):
        os.chown(path, uid if owner else 0, 0)
        path.chmod(0o775)
    made.prefix = ("setpriv", f"--reuid={uid}", "--regid=0", "--clear-groups")
    served = made.start()
    client = open_hub.client(served)
    for path in served.ppkeys.iterdir():
        os.chown(path, uid, 0)

    assert status(served.pid)["Uid"].split()[0] == str(uid)
    assert client.get("masterfiles/x", served.port).text == "x"


NOBODY = 65534


def unprivileged(open_hub):
    """A hub that has run as root, and is to run as the user nobody."""
    made = open_hub.made({"x": "x"})
    made.made()
    for path in (made.path, *made.path.rglob("*")):
        os.chown(path, NOBODY, 0, follow_symlinks=False)
    made.prefix = ("setpriv", f"--reuid={NOBODY}", "--regid=0", "--clear-groups")
    return made


@pytest.mark.parametrize(
    ("name", "mode", "output"),
    [
        ("ppkeys", 0o700, f"ppkeys: uid {NOBODY} cannot read it"),
        ("ppkeys", 0o775, f"its mode is 775, which uid {NOBODY} cannot change"),
        ("masterfiles", 0o700, f'masterfiles": uid {NOBODY} cannot read it'),
    ],
)
def test_a_directory_of_another_user_is_reported_as_what_it_is(open_hub, name, mode, output):
    made = unprivileged(open_hub)
    path = made.path / name
    os.chown(path, 0, 0)
    path.chmod(mode)
    before = sorted(path.iterdir())
    made.launch()

    assert made.ended() in (73, 78), made.output
    assert output in made.output
    assert sorted(path.iterdir()) == before


def test_what_cannot_be_written_is_the_folder_that_the_tip_names(open_hub):
    made = unprivileged(open_hub)
    (made.path / "bin/cf-promises").unlink()
    os.chown(made.path / "bin", 0, 0)
    (made.path / "bin").chmod(0o755)
    made.launch()

    assert made.ended() == 73, made.output
    assert f"TIP: let uid {NOBODY} or group 0 write to {made.path}/bin\n" in made.output
