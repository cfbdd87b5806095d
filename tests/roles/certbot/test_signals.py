"""What the keeper is told by signals, and what it does with the orphans of a container."""

from __future__ import annotations

import subprocess
import sys

import pytest
from haproxy.polling import eventually
from programs import Running

ADOPTING = """
import ctypes, os, sys, time
from entrykit.roles.certbot.process.signals import Signals, Stopped
PR_SET_CHILD_SUBREAPER = 36  # prctl(2): orphans come to us, as they do to PID 1
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
signals = Signals()
signals.listen()
if os.fork() == 0:
    if os.fork() == 0:
        time.sleep(0.2)
    os._exit(0)
print("ready", flush=True)
try:
    signals.sleep(60)
except Stopped:
    pass
"""


def test_orphans_are_reaped_while_it_rests(tmp_path):
    argv = [sys.executable, "-c", ADOPTING]
    with Running(argv, {}, tmp_path / "log") as running:
        running.comes(lambda: "ready" in (tmp_path / "log").read_text())
        eventually(lambda: not running.children)

        assert running.process.poll() is None


IN_A_THREAD = """
import time, signal, os
from entrykit.roles.certbot.process.signals import Signals, Stopped
signals = Signals()
signals.listen()
def fail():
    raise OSError("said in the thread")
assert signals.run_in_thread(lambda: 42) == 42
try:
    signals.run_in_thread(fail)
except OSError as error:
    print(error)
print("ready", flush=True)
try:
    signals.run_in_thread(lambda: time.sleep(600))
except Stopped as stopped:
    print("stopped", stopped.number)
"""


def test_what_blocks_is_left_where_it_is(tmp_path):
    """Asking a name server, say: no signal interrupts that."""
    argv = [sys.executable, "-c", IN_A_THREAD]
    with Running(argv, {}, tmp_path / "log") as running:
        running.comes(lambda: "ready" in (tmp_path / "log").read_text())
        running.process.terminate()

        assert running.ended(1) == 0
    assert (tmp_path / "log").read_text() == "said in the thread\nready\nstopped 15\n"


RESTING = """
from entrykit.roles.certbot.process.signals import Signals
signals = Signals()
signals.listen()
print("ready", flush=True)
print(signals.sleep(60), signals.sleep(0))
"""


@pytest.mark.parametrize("name", ["HUP", "USR1"])
def test_a_round_can_be_asked_for(tmp_path, name):
    argv = [sys.executable, "-c", RESTING]
    with Running(argv, {}, tmp_path / "log") as running:
        running.comes(lambda: "ready" in (tmp_path / "log").read_text())
        subprocess.run(["kill", f"-{name}", str(running.pid)], check=True)

        assert running.ended(5) == 0
    assert (tmp_path / "log").read_text() == "ready\nTrue False\n"
