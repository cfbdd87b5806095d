"""Files that variables and --env-file name: also pipes, and nothing that never ends."""

from __future__ import annotations

import os
import socket
import subprocess
from threading import Timer

import pytest
from programs import DEADLINE, ENTRYKIT, entrykit

from entrykit.variables.reading import read
from entrykit.variables.textfile import read_text

WEB = {"DOMAINS": "web:example.com"}


def pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def bound(tmp_path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
    return tmp_path / "socket"


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (pipe, "a pipe without a writer"),
        (bound, "No such device or address"),
        (lambda _: "/dev/zero", "neither a file nor a pipe"),
        (lambda _: "/", "Is a directory"),
    ],
)
@pytest.mark.parametrize("way", ["variable", "--env-file"])
def test_what_would_never_end_is_refused_by_name(tmp_path, made, reason, way):
    """By the real program: a read that waits would run into the deadline."""
    path = str(made(tmp_path))
    words = ["--env-file", path] if way == "--env-file" else []
    environ = WEB if words else {**WEB, "HTTP_PORT_FILE": path}

    done = entrykit("render", "haproxy", *words, environ=environ)

    name = "--env-file" if words else "HTTP_PORT_FILE:"
    assert (done.returncode, done.stderr) == (
        64 if words else 78,
        f'entrykit: error: {name} "{path}": {reason}\n',
    )


def test_of_a_pipe_all_is_read_whenever_it_is_written():
    ours, theirs = os.pipe()
    text = "a" * 200_000 + "\n"
    later = Timer(0.2, lambda: (os.write(theirs, b"first "), write(theirs, text)))
    later.start()

    reading = read({"A_FILE": f"/dev/fd/{ours}"}, ["A"])
    later.join()
    os.close(ours)

    assert (reading.values, reading.errors) == ({"A": f"first {text[:-1]}"}, {})


def write(descriptor, text):
    """Write more than a pipe holds, and close it."""
    with open(descriptor, "w") as file:
        file.write(text)


def test_the_output_of_a_command_and_standard_input_will_do():
    """As a person has them on a laptop: `X_FILE=<(pass show x)`, or a secret by a pipe."""
    script = 'echo 83 | HTTPS_PORT_FILE=/dev/stdin HTTP_PORT_FILE=<(echo 82) "$0" render haproxy'
    done = subprocess.run(
        ["bash", "-c", script, ENTRYKIT],
        env={**WEB, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=True,
    )

    assert "bind 0.0.0.0:82\n" in done.stdout
    assert "bind 0.0.0.0:83 " in done.stdout


def test_nothing_is_read_of_dev_null():
    assert read_text(os.devnull) == ""
