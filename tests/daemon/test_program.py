"""A program is queried with a minimal environment, no input and a time limit."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from entrykit.daemon.program import query
from entrykit.errors import HandOverError

ENVIRON = {"PATH": os.environ["PATH"], "API_TOKEN": "made-up", "LC_ALL": "de_DE.UTF-8"}

Script = Callable[[str], str]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Make a program of the shell, and return its path."""

    def make(text: str) -> str:
        path = tmp_path / "program"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)

    return make


def test_the_output_is_both_streams(script: Script) -> None:
    program = script("echo one; echo two >&2; echo $1")

    assert query([program, "--version"], ENVIRON) == "one\ntwo\n--version\n"


def test_a_name_is_looked_up_in_path(script: Script) -> None:
    folder = os.path.dirname(script("echo found"))

    assert query(["program"], {"PATH": f"{folder}:/bin"}) == "found\n"


def test_it_sees_the_path_and_the_locale_only(script: Script) -> None:
    output = query([script("exec env")], ENVIRON)

    # The shell adds PWD.
    seen = {line for line in output.splitlines() if not line.startswith(("PWD=", "_=", "SHLVL="))}
    assert seen == {f"PATH={ENVIRON['PATH']}", "LC_ALL=C"}


def test_it_sees_what_is_given_besides(script: Script) -> None:
    output = query([script('echo "$HOME $LC_ALL"')], ENVIRON, extra={"HOME": "/nonexistent"})

    assert output == "/nonexistent C\n"


def test_without_path_it_is_the_usual_one() -> None:
    assert "PATH=/usr/local/sbin:" in query(["env"], {})


def test_standard_input_is_empty(script: Script) -> None:
    assert query([script("cat; echo end")], ENVIRON) == "end\n"


def test_it_has_no_terminal(script: Script) -> None:
    assert query([script("(: </dev/tty) 2>/dev/null || echo none")], ENVIRON) == "none\n"


def test_a_descriptor_is_passed_on(script: Script) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"text\n")
    os.close(writer)
    try:
        assert (
            query([script("cat /dev/fd/$1"), str(reader)], ENVIRON, pass_fds=[reader]) == "text\n"
        )
    finally:
        os.close(reader)


def test_one_that_hangs_is_killed_with_its_children(script: Script, tmp_path: Path) -> None:
    program = script(f"echo ready; sleep 61 & echo $! >{tmp_path}/child; wait")
    start = time.monotonic()

    with pytest.raises(HandOverError) as error:
        query([program, "-V"], ENVIRON, 0.5)

    assert time.monotonic() - start < 5
    assert str(error.value) == (f'{program}: `{program} -V` does not end within 0.5 s: "ready"')
    assert _is_gone(int((tmp_path / "child").read_text()))


def test_one_that_closes_its_output_and_hangs_is_killed(script: Script) -> None:
    with pytest.raises(HandOverError, match=r"does not end within 0\.5 s$"):
        query([script("exec >&- 2>&-; exec sleep 61")], ENVIRON, 0.5)


def test_one_whose_child_keeps_the_output_open_is_an_error(script: Script, tmp_path: Path) -> None:
    program = script(f"sleep 61 & echo $! >{tmp_path}/child; echo 1.2")

    with pytest.raises(HandOverError, match="does not end"):
        query([program], ENVIRON, 0.5)

    assert _is_gone(int((tmp_path / "child").read_text()))


def test_endless_output_is_an_error(script: Script) -> None:
    start = time.monotonic()

    with pytest.raises(HandOverError, match='writes more than 65536 bytes: "m'):
        query([script("while :; do echo made to last; done")], ENVIRON, 60)

    assert time.monotonic() - start < 10


def test_another_status_is_an_error_with_its_words(script: Script) -> None:
    program = script("echo first; echo 'it \033[31mfailed' >&2; echo; exit 3")

    with pytest.raises(HandOverError) as error:
        query([program], ENVIRON)

    assert error.value.exit_code == 126
    assert str(error.value) == (f'{program}: `{program}` exits with status 3: "it \\x1b[31mfailed"')


def test_a_signal_is_named(script: Script) -> None:
    with pytest.raises(HandOverError, match=r"was killed by SIGABRT$"):
        query([script("kill -ABRT $$")], ENVIRON)


def test_one_that_is_not_there_is_127() -> None:
    with pytest.raises(HandOverError) as error:
        query(["no-such-program"], ENVIRON)

    assert error.value.exit_code == 127


def test_one_of_no_format_is_126(tmp_path: Path) -> None:
    (tmp_path / "program").write_bytes(b"\x7fELF")
    (tmp_path / "program").chmod(0o755)

    with pytest.raises(HandOverError) as error:
        query([str(tmp_path / "program")], ENVIRON)

    assert error.value.exit_code == 126


def _is_gone(pid: int) -> bool:
    """Whether a process ends soon; it may remain as a zombie until it is reaped."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False
