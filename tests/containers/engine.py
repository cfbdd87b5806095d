"""Containers, run for real by tools/podman: with its own storage, on loopback ports only."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from secrets import token_hex

from haproxy.polling import eventually
from programs import DEADLINE

HOME = Path(__file__).resolve().parents[2]
ENGINE = HOME / "tools" / "podman"


def podman(*words, check=True, timeout=DEADLINE):
    """Run one command of the engine to its end; its streams are captured as text."""
    argv = [ENGINE, *map(str, words)]
    streams = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
    done = subprocess.run(argv, timeout=timeout, check=False, **streams)
    assert not check or done.returncode == 0, f"{words}: {done.returncode}\n{done.stderr}"
    return done


def config_of(image):
    """What an image says of itself: User, Cmd, StopSignal, Labels, Healthcheck and the like."""
    said = json.loads(podman("image", "inspect", image).stdout)[0]
    return said["Config"] | {"Healthcheck": said.get("Healthcheck")}


def layers_of(image):
    """The digests of an image's layers, the base's first."""
    return json.loads(podman("image", "inspect", image).stdout)[0]["RootFS"]["Layers"]


class Container:
    """A container that runs in the background, and is gone when the `with` block ends.

    Args:
        image: its name.
        command: words after the image's name.
        options: of `podman run`.
        environ: variables.
        ports: port in the container to port on 127.0.0.1.
        volumes: path in the container to a folder of this machine, or to a volume.
        evidence: the list of that fixture.
    """

    def __init__(  # noqa: PLR0913 -- each is a part of what a container is
        self,
        image,
        *command,
        options=(),
        environ=None,
        ports=None,
        volumes=None,
        evidence=None,
    ):
        self.words = [*options]
        for name, value in (environ or {}).items():
            self.words += ["--env", f"{name}={value}"]
        for inside, outside in (ports or {}).items():
            self.words += ["--publish", f"127.0.0.1:{outside}:{inside}"]
        for inside, outside in (volumes or {}).items():
            self.words += ["--volume", f"{outside}:{inside}"]
        self.words += [image, *command]
        self.id = f"test-{token_hex(8)}"
        self._first = 0
        self._evidence = [] if evidence is None else evidence

    def __enter__(self):
        self._evidence.append(self.evidence)
        try:
            podman("run", "--detach", "--name", self.id, *self.words)
            self._first = self.pid
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._evidence.remove(self.evidence)
        podman("rm", "--force", "--ignore", "--time", "0", "--volumes", self.id, check=False)

    def evidence(self):
        """For the report of a failure: what it was, and what it has said."""
        yield "podman run", " ".join(map(str, self.words))
        yield "log", self.log

    @property
    def log(self):
        """All that it has said on both streams."""
        done = podman("logs", self.id, check=False)
        return done.stdout + done.stderr

    @property
    def pid(self):
        """PID 1 of the container, as this machine counts; 0 once it has ended."""
        return int(podman("inspect", "--format", "{{.State.Pid}}", self.id).stdout)

    def exec(self, *words, check=True):
        """Run a program inside and return what it printed."""
        return podman("exec", self.id, *words, check=check).stdout

    def kill(self, signal):
        podman("kill", "--signal", signal, self.id)

    def ended(self):
        """Wait for its end and return its exit code."""
        return int(podman("wait", "--interval", "50ms", self.id).stdout)

    def is_healthy(self):
        """Run the image's own health check once."""
        return podman("healthcheck", "run", self.id, check=False).returncode == 0

    def comes(self, condition, seconds=DEADLINE):
        """Wait for a condition, and return what is true then; fails if the container ends.

        PID 1 is looked at in /proc: asking the engine that often would keep the machine busy.
        """

        def probe():
            if not Path(f"/proc/{self._first}/root").exists():
                raise RuntimeError(f"{self.words} has ended: {self.log}")
            return condition()

        return eventually(probe, seconds)
