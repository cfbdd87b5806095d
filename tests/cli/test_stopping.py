"""Signals before the hand-over, and ENTRYKIT_WAIT."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from haproxy.polling import eventually
from namespaces import UNSHARE
from programs import ENTRYKIT, Running, children, edge_environ, entrykit, opened, script, status

_STANDARD = (1 << 31) - 1  # signal(7): the parent may ignore those above


@pytest.fixture
def slow(tmp_path, search_path):
    """Variables for a daemon whose check never ends, over files of an earlier start."""
    environ = edge_environ(tmp_path / "config", search_path)
    upstream = {"ENTRYKIT_UPSTREAM": "/bin/true"}
    assert entrykit("haproxy", environ=environ | upstream).returncode == 0
    folder = tmp_path / "bin"
    folder.mkdir()
    waits = f'*" -c "*) echo $$ > {tmp_path}/checking; exec sleep 60'
    script(folder / "haproxy", f'case " $* " in {waits};; esac\ntouch {tmp_path}/started')
    return environ | {"PATH": f"{folder}:/usr/bin:/bin", "DOMAINS": "127.0.0.1:2:two.test"}


def checker(tmp_path):
    """The PID of the daemon that checks; None before there is one."""
    with suppress(FileNotFoundError, ValueError):
        return int((tmp_path / "checking").read_text())
    return None


def is_waiting(pid):
    """Whether it only waits for its child: while that comes up, there is a second pipe."""
    return [text.partition(":")[0] for text in opened(pid)].count("pipe") == 1


def contents(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir() if path.is_file()}


STOPS = {"TERM": 143, "INT": 130, "USR1": 138, "QUIT": 131, "HUP": 129}


@pytest.mark.parametrize("as_pid_1", [False, True], ids=["", "as PID 1"])
@pytest.mark.parametrize(("name", "code"), STOPS.items(), ids=STOPS)
def test_a_start_that_is_stopped_while_it_checks_ends_at_once(slow, tmp_path, name, code, as_pid_1):
    """No daemon comes up, none is left, and the old files stay; PID 1 has no default actions."""
    before = contents(slow["CONFIG_DIR"])
    prefix = [*UNSHARE, "--pid", "--fork", "--mount-proc"] if as_pid_1 else []
    with Running([*prefix, ENTRYKIT, "haproxy"], slow, tmp_path / "log") as running:
        running.comes(lambda: checker(tmp_path))
        pid = running.children[0] if as_pid_1 else running.pid
        running.comes(lambda: is_waiting(pid))
        checking = children(pid)
        assert status(pid)["NSpid"].split()[-1] == ("1" if as_pid_1 else str(pid))

        os.kill(pid, signal.Signals[f"SIG{name}"])

        assert running.ended(2) == code

    assert len(checking) == 1
    eventually(lambda: not os.path.exists(f"/proc/{checking[0]}"))  # reaped by init
    assert not (tmp_path / "started").exists()
    assert contents(slow["CONFIG_DIR"]) == before
    assert sorted(os.listdir(slow["CONFIG_DIR"])) == sorted([*before, "certs", "tls"])


@pytest.mark.parametrize(("name", "code"), STOPS.items(), ids=STOPS)
def test_a_check_that_is_stopped_leaves_no_directory_with_secrets(slow, tmp_path, name, code):
    work = tmp_path / "work"
    work.mkdir()
    environ = slow | {"TMPDIR": str(work)}
    with Running([ENTRYKIT, "check", "haproxy"], environ, tmp_path / "log") as running:
        running.comes(lambda: checker(tmp_path))
        running.comes(lambda: is_waiting(running.pid))
        assert len(list(work.iterdir())) == 1

        running.process.send_signal(signal.Signals[f"SIG{name}"])

        assert running.ended(5) == code
    assert list(work.iterdir()) == []


def test_a_hangup_that_is_to_be_ignored_is_ignored_by_the_daemon_as_well(slow, tmp_path):
    """As nohup(1) has it: the start goes on, and hands that over."""
    upstream = script(tmp_path / "upstream", "exec grep SigIgn /proc/self/status")
    environ = slow | {"ENTRYKIT_UPSTREAM": str(upstream)}
    argv = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", ENTRYKIT, "haproxy"]
    with Running(argv, environ, tmp_path / "log") as running:
        pid = running.comes(lambda: checker(tmp_path))
        running.process.send_signal(signal.SIGHUP)
        os.kill(pid, signal.SIGTERM)

        assert running.ended(5) == 65
    process = entrykit("haproxy", environ=environ | {"ENTRYKIT_CHECK": "off"},
                       preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))  # fmt: skip
    ignored = int(process.stdout.split()[1], 16)
    assert ignored & _STANDARD == 1 << signal.SIGHUP - 1


def test_a_ctrl_c_in_a_terminal_ends_the_start_without_a_traceback(slow, tmp_path):
    """It reaches every process of the group: the checking daemon as well."""
    with Running([ENTRYKIT, "haproxy"], slow, tmp_path / "log", start_new_session=True) as running:
        running.comes(lambda: checker(tmp_path))

        os.killpg(running.pid, signal.SIGINT)

        assert running.ended(2) == 130
    assert (tmp_path / "log").read_text() == ""


def test_without_a_check_no_daemon_is_asked(slow, tmp_path):
    process = entrykit("haproxy", environ=slow | {"ENTRYKIT_CHECK": "off"})

    assert process.returncode == 0, process.stderr
    assert (tmp_path / "started").exists()
    assert not (tmp_path / "checking").exists()


def test_signals_reach_the_upstream_entrypoint_in_the_same_way(slow, tmp_path):
    """As the official one it is a script that ends in exec."""
    stop = f"trap 'exit 7' TERM; touch {tmp_path}/trap; while :; do sleep 0.02; done"
    upstream = script(tmp_path / "upstream", stop)
    environ = slow | {"ENTRYKIT_CHECK": "off", "ENTRYKIT_UPSTREAM": str(upstream)}
    with Running([ENTRYKIT, "haproxy"], environ, tmp_path / "log") as running:
        running.comes((tmp_path / "trap").exists)

        running.process.terminate()

        assert running.ended(5) == 7


def test_a_stopped_start_can_go_on(slow, tmp_path):
    """SIGSTOP and SIGCONT are the kernel's; what waits for the child must take it."""
    with Running([ENTRYKIT, "haproxy"], slow, tmp_path / "log") as running:
        pid = running.comes(lambda: checker(tmp_path))
        running.process.send_signal(signal.SIGSTOP)
        running.comes(lambda: status(running.pid)["State"].startswith("T"))
        running.process.send_signal(signal.SIGCONT)
        os.kill(pid, signal.SIGKILL)

        assert running.ended(5) == 65
    assert "status: -9" in (tmp_path / "log").read_text()


INTERRUPTED = """
import os, signal, sys
from entrykit.__main__ import run

module, number = sys.argv[1], signal.Signals[sys.argv[2]]

class Interrupting:
    def find_spec(name, *_):
        if name == module:
            os.kill(os.getpid(), number)

sys.meta_path.insert(0, Interrupting)
sys.argv[1:] = sys.argv[3:]
run()
"""


@pytest.mark.parametrize("words", ["haproxy", "render haproxy"])
@pytest.mark.parametrize(
    "module",
    ["pydantic.plugin._loader", "entrykit.cli.main", "entrykit.roles.haproxy.settings"],
)
@pytest.mark.parametrize(("name", "code"), STOPS.items(), ids=STOPS)
def test_a_start_that_is_stopped_while_it_imports_prints_nothing(slow, name, code, module, words):
    """Whatever the module makes of an exception."""
    argv = [sys.executable, "-c", INTERRUPTED, module, f"SIG{name}", *words.split()]

    process = subprocess.run(
        argv, env=slow, capture_output=True, text=True, timeout=20, check=False
    )

    assert (process.returncode, process.stdout, process.stderr) == (code, "", "")


TAKEN_FOR_A_FAULT = """
import os, signal, sys
from entrykit.cli.signals import handle_stop_signals

with handle_stop_signals():
    try:
        os.kill(os.getpid(), signal.Signals[sys.argv[1]])
    except BaseException as error:
        raise RuntimeError from error
"""


@pytest.mark.parametrize(("name", "code"), STOPS.items(), ids=STOPS)
def test_to_be_told_to_stop_is_no_bug_even_where_other_code_takes_it_for_one(name, code):
    """Python makes a RuntimeError of what a class raises while it is made (until 3.12)."""
    argv = [sys.executable, "-c", TAKEN_FOR_A_FAULT, f"SIG{name}"]

    process = subprocess.run(argv, capture_output=True, text=True, check=False)

    assert (process.returncode, process.stderr) == (code, "")
