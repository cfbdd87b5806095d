"""The real program `entrykit`, run to its end or until it is told to stop."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

from haproxy.polling import eventually
from haproxy.ports import free_port
from image_data.listing import role_images

ENTRYKIT = Path(sys.executable).with_name("entrykit")
DEADLINE = 180  # seconds; on a loaded machine a start may take twenty
DAEMONS = [image.daemon for image in role_images().values()]
ALSO = {daemon.name: daemon.also for daemon in DAEMONS}


def entrykit(*words, environ, **how):
    """Run it to its end; standard output and error are captured as text."""
    argv = [ENTRYKIT, *map(str, words)]
    streams = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
    return subprocess.run(argv, env=environ, timeout=DEADLINE, check=False, **streams | how)


def under_test(daemon):
    """The path of the daemon under test: ENTRYKIT_TEST_<DAEMON>, or that of our own PATH."""
    variable = f"ENTRYKIT_TEST_{daemon.upper()}"
    named = [os.environ[variable]] if variable in os.environ else [daemon, *ALSO.get(daemon, ())]
    # Debian keeps daemons where only root's PATH leads.
    path = f"{os.environ['PATH']}:/usr/sbin"
    program = next(filter(None, (shutil.which(name, path=path) for name in named)), None)
    assert program, f"no {named}: install it, or name one in {variable}"
    return os.path.abspath(program)


def folders_under_test():
    """The folders of every role's daemon, those that variables name before the machine's own."""
    names = sorted(ALSO, key=lambda name: f"ENTRYKIT_TEST_{name.upper()}" not in os.environ)
    return [os.path.dirname(under_test(name)) for name in names]


def script(path, text):
    """Write a program for sh(1)."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def talking(folder, *names):
    """Write programs that tell their words, one a line, in place of working; HAProxy also judges.

    Returns:
        A PATH with them.
    """
    folder.mkdir()
    show = 'printf \'%s\\n\' "${0##*/}" "$@"'
    script(folder / "haproxy", f'case " $* " in *" -c "*) exit 0;; esac\n{show}')
    for name in names:
        script(folder / name, show)
    return f"{folder}:/usr/bin:/bin"


def edge_environ(folder, path):
    """Variables that are enough for the haproxy role, with free ports on loopback."""
    ports = {name: str(free_port()) for name in ("HTTP_PORT", "HTTPS_PORT", "HEALTH_PORT")}
    site = {"DOMAINS": "127.0.0.1:1:one.test", "BIND": "127.0.0.1", "CONFIG_DIR": str(folder)}
    return {"PATH": path, **site, **ports}


def answer(port, path):
    """The status that HAProxy answers with."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def serves(pid, environ):
    """Whether the HAProxy with these variables serves and its master hears signals.

    While it starts it executes itself once more (2.6, 3.0) or has no handlers yet (3.2), and what
    arrives meanwhile is lost.
    """
    heard = int(status(pid)["SigCgt"], 16) & 1 << signal.SIGUSR2 - 1
    return heard and answer(int(environ["HEALTH_PORT"]), "/healthz") == 200


class Running:
    """A program that runs in the background, and ends with the `with` block at the latest.

    Attributes:
        process: as `subprocess` has it.
        log: the file with all that it has said.
    """

    def __init__(self, argv, environ, log, **how):
        self.log = log
        with log.open("ab") as out:
            streams = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": out}
            self.process = subprocess.Popen([*map(str, argv)], env=environ, **streams | how)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    @property
    def pid(self):
        return self.process.pid

    def ended(self, seconds=DEADLINE):
        """Wait for its end and return the exit status: negative for a signal that killed it."""
        return self.process.wait(seconds)

    def comes(self, condition):
        """Wait for a condition, and return what is true then; fails if the program ends."""

        def probe():
            if self.process.poll() is not None:
                raise RuntimeError(f"ended with {self.process.returncode}: {self.log.read_text()}")
            return condition()

        return eventually(probe, DEADLINE)

    def evidence(self):
        """For the report of a failure: what the program has said."""
        yield self.log.name, self.log.read_text(errors="replace")

    @property
    def children(self):
        return children(self.pid)


def children(pid):
    """PIDs of the children of a process (proc_pid_task(5)); none if there is no such process."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def status(pid):
    """The fields of /proc/PID/status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def opened(pid):
    """What the descriptors of a process are (proc_pid_fd(5))."""
    found = []
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it is at work and closes some of them
            found.append(os.readlink(path))
    return found


def environ_of(pid):
    """The environment that a process was executed with, as the kernel has it."""
    return variables(Path(f"/proc/{pid}/environ").read_bytes())


def variables(data):
    """Names to values, from texts that end with a NUL."""
    texts = (os.fsdecode(text) for text in data.split(b"\0") if text)
    return dict(text.split("=", 1) for text in texts)
