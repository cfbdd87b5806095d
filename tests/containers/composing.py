"""Stacks of deploy/, brought up by podman-compose with tools/podman."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

from containers.engine import ENGINE, HOME, podman
from haproxy.polling import eventually
from haproxy.ports import free_port

COMPOSE = Path(sys.executable).with_name("podman-compose")
DEPLOY = HOME / "deploy"
# How all of a project's are listed and removed; a network has to be the last.
GONE = (
    (("ps", "--all"), ("rm", "--time", "0", "--volumes", "--depend")),
    (("volume", "ls"), ("volume", "rm")),
    (("network", "ls"), ("network", "rm")),
)
LONG = 180  # seconds for one command, on a machine that is busy


def network():
    """Three numbers of a network of one's own, out of those for tests (RFC 2544)."""
    number = free_port() % 512
    return f"198.{18 + number // 256}.{number % 256}"


def stand_in(*names):
    """Have images that stand in for others, which nobody can fetch here."""
    subprocess.run([HOME / "tools/stand-in", *names], check=True, capture_output=True)


class Stack:
    """One compose file, as a project of its own: all of it is gone when the `with` block ends.

    Args:
        file: the compose file.
        variables: what a .env would say.
        evidence: the list of that fixture.
        options: of podman-compose, before its command.

    Attributes:
        program: the words that begin each command.
    """

    program = (COMPOSE, "--podman-path", ENGINE)

    def __init__(self, file, variables, evidence, options=()):
        self.file, self.options = file, options
        self.project = f"test-{uuid4().hex[:12]}"
        self.environ = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/root")}
        self.environ |= {"NETWORK": network()} | variables
        self._evidence = evidence

    def __enter__(self):
        self._evidence.append(self.evidence)
        return self

    def __exit__(self, kind, *_):
        self._evidence.remove(self.evidence)
        if kind:  # the report comes too late to ask
            sys.stdout.writelines(f"{title}\n{text}\n" for title, text in self.evidence())
        self._remove()

    def _remove(self):
        """Leave nothing, and wait for nobody's grace: `down` would go from one to the next."""
        label = f"--filter=label=com.docker.compose.project={self.project}"
        for listed, removed in GONE:
            if found := podman(*listed, "--quiet", label).stdout.split():
                podman(*removed, "--force", *found, timeout=LONG)
        podman("pod", "rm", "--force", "--ignore", f"pod_{self.project}")  # podman-compose's

    def __call__(self, *words, check=True, **how):
        """Run one command of podman-compose to its end; its streams are captured, as bytes."""
        argv = [*self.program, "-p", self.project, "-f", self.file]
        streams = {"stdin": subprocess.DEVNULL} if "input" not in how else {}
        done = subprocess.run(
            [*argv, *self.options, *map(str, words)],
            env=self.environ,
            capture_output=True,
            timeout=LONG,
            check=False,
            **streams | how,
        )
        assert not check or done.returncode == 0, f"{words}: {done.stderr.decode()}"
        return done

    def up(self, *words):
        self("up", "--detach", *words)
        return self

    def containers(self, service):
        """The ids of a service's containers."""
        labels = {"project": self.project, "service": service}
        filters = [f"--filter=label=com.docker.compose.{name}={labels[name]}" for name in labels]
        return podman("ps", "--all", "--quiet", *filters).stdout.split()

    def container(self, service):
        (one,) = self.containers(service)
        return one

    def pid(self, service):
        """PID 1 of a service's only container, as this machine counts; 0 where it has ended."""
        one = self.container(service)
        return int(podman("inspect", "--format", "{{.State.Pid}}", one).stdout)

    def kill(self, service):
        """Have the container's main process die, and wait for another one."""
        before = self.pid(service)
        os.kill(before, signal.SIGKILL)
        eventually(lambda: self.pid(service) not in (0, before), 60)

    def log(self, service):
        """All that a service's containers have said on both streams."""
        said = [podman("logs", one, check=False) for one in self.containers(service)]
        return "".join(done.stdout + done.stderr for done in said)

    def evidence(self):
        """For the report of a failure: what each container has said."""
        label = f"--filter=label=com.docker.compose.project={self.project}"
        for one in podman("ps", "--all", "--quiet", label).stdout.split():
            done = podman("logs", "--tail", "40", one, check=False)
            name = podman("inspect", "--format", "{{.Name}} {{.State.Status}}", one).stdout
            yield name.strip(), done.stdout + done.stderr
