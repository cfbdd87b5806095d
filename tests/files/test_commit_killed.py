"""Killed at any point, the next start finds the old set or the new one, whole."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from shlex import join

import killing
import pytest
from committing import accept, found, refuse, texts, version
from namespaces import mounted
from programs import ENTRYKIT, Running, edge_environ, entrykit, opened, status

from entrykit.errors import CheckError, CommitError
from entrykit.files.config_file import MARK
from entrykit.files.transaction import commit

KILL = join([sys.executable, killing.__file__])
WHOLE = {name: texts(version(name)) for name in ("old", "new", "next", "last")}


def rounds(folder, options, mount=":", *arguments):
    """Run the program of `killing` in a folder that is in memory, so that it is fast."""
    tmpfs = 'mount -t tmpfs none "$1"'
    process = mounted(f'{tmpfs}; {mount}; {KILL} "$1" {options}', folder, *arguments)
    assert process.returncode == 0, process.stderr
    seen = json.loads(process.stdout)
    assert len(seen) > 15
    return seen


def name_of(state):
    """Which whole set a folder holds: None where it is empty, "mixed" for anything else."""
    whole = [name for name, texts in WHOLE.items() if texts == state]
    return whole[0] if whole else "mixed" if state else None


def outcomes(rounds):
    """What was killed, and which set a refused start and an accepted one end with."""
    return [
        (*each["killed"], name_of(each["refused"]), name_of(each["accepted"])) for each in rounds
    ]


def bad(outcomes, *good):
    """Those that do not end with a good set after a refused start, or with "last" in the end."""
    return [row for row in outcomes if row[-1] != "last" or row[-2] not in good]


@pytest.mark.parametrize("before", [None, "old"], ids=["first", "change"])
def test_killed_before_any_step_the_next_start_finds_a_whole_set(tmp_path, before):
    """Both when the daemon refuses what that start has rendered, and when it accepts it."""
    ends = outcomes(rounds(tmp_path, f"--from {before}" if before else ""))

    assert bad(ends, before, "new") == []
    assert {row[-2] for row in ends} == {before, "new"}


def test_the_main_file_is_never_new_before_the_others_are(tmp_path):
    """It names them: a daemon that reloads in between reads no half of a change."""
    seen = rounds(tmp_path, "--from old")

    live = [
        {name: text for name, text in each["then"].items() if name in WHOLE["new"]} for each in seen
    ]
    early = [
        state
        for state in live
        if state["main.cfg"] == WHOLE["new"]["main.cfg"] and state != WHOLE["new"]
    ]
    assert early == []
    assert WHOLE["new"] in live


def test_killed_twice_in_a_row_the_third_start_finds_a_whole_set(tmp_path):
    """The second start is killed while it finishes what the first had decided, too."""
    ends = outcomes(rounds(tmp_path, "--from old --twice"))

    assert bad(ends, "old", "new", "next") == []
    assert {row[-2] for row in ends} == {"old", "new", "next"}


@pytest.mark.parametrize("name", list(WHOLE["old"]))
def test_killed_while_a_mounted_file_is_written_in_place_the_next_start_finishes_it(tmp_path, name):
    """Half a write is on the disk then: only the decided copy is whole."""
    live, mine = tmp_path / "live", tmp_path / "mine"
    live.mkdir()
    mine.write_text(WHOLE["old"][name])
    mount = f'touch "$1/{name}"; mount --bind "$2" "$1/{name}"'

    seen = rounds(live, "--from old", mount, mine)

    assert bad(outcomes(seen), "old", "new") == []
    torn = [each["then"][name] for each in seen if each["then"][name] not in _texts_of(name)]
    assert torn, "no kill left half of the file: this test says nothing"


def test_what_the_next_start_cannot_finish_is_finished_by_the_one_after_it(tmp_path):
    """Here something stands in the way of the last file that had been decided."""
    step = f"rename {tmp_path}/.entrykit.decided/main.cfg"
    argv = [sys.executable, killing.__file__, tmp_path, "--from", "old", "--leave", step]
    subprocess.run(argv, check=True, timeout=60)
    (tmp_path / "main.cfg").unlink()
    (tmp_path / "main.cfg").mkdir()

    with pytest.raises(CommitError, match=r"main\.cfg"):
        commit(version("next"), str(tmp_path), accept)
    (tmp_path / "main.cfg").rmdir()
    with pytest.raises(CheckError):
        commit(version("last"), str(tmp_path), refuse)

    assert name_of(found(tmp_path)) == "new"


def _texts_of(name):
    return {whole[name] for whole in WHOLE.values()}


@pytest.fixture
def half(tmp_path, search_path):
    """Variables over a folder in which a start was killed in the middle of its renames."""
    folder = tmp_path / "config"
    environ = edge_environ(folder, search_path) | {"ENTRYKIT_UPSTREAM": "/bin/true"}
    assert entrykit("haproxy", environ=environ).returncode == 0
    decided = folder / ".entrykit.decided"
    decided.mkdir(mode=0o700)
    main = (folder / "haproxy.cfg").read_text()
    (decided / "haproxy.cfg").write_text(f"{main}# decided\n")
    (folder / "hosts.map").write_text(f"{MARK}\nnew.test 127.0.0.1:1\n")
    return environ


BROKEN = {
    "variables": ({"HTTP_PORT": "x"}, 78),
    "upstream": ({"ENTRYKIT_UPSTREAM": "/absent"}, 127),
    "lines": ({"HAPROXY_EXTRA_GLOBAL": "garbage"}, 65),
}


@pytest.mark.parametrize(("broken", "code"), BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("source", ["by its name", "by a file"])
def test_a_start_that_fails_by_itself_finishes_what_was_decided(
    half, tmp_path, broken, code, source
):
    """A daemon that restarts or reloads meanwhile finds a whole set."""
    folder = Path(half["CONFIG_DIR"])
    if source == "by a file":
        (tmp_path / "where").write_text(f"{half.pop('CONFIG_DIR')}\n")
        half["CONFIG_DIR_FILE"] = str(tmp_path / "where")

    process = entrykit("haproxy", environ=half | broken)

    assert process.returncode == code
    assert (folder / "haproxy.cfg").read_text().endswith("# decided\n")
    assert not (folder / ".entrykit.decided").exists()


def test_a_start_that_fails_by_itself_drops_what_was_not_decided(half):
    """There may be secrets in it."""
    stage = Path(half["CONFIG_DIR"], ".entrykit.stage")
    Path(half["CONFIG_DIR"], ".entrykit.decided").rename(stage)

    process = entrykit("haproxy", environ=half | {"HTTP_PORT": "x"})

    assert process.returncode == 78
    assert not stage.exists()


def test_a_start_that_fails_leaves_the_files_of_one_that_is_at_work(half):
    """And does not wait for it."""
    folder = Path(half["CONFIG_DIR"])
    (folder / ".entrykit.decided").rename(folder / ".entrykit.stage")
    lock = os.open(folder, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)

    process = entrykit("haproxy", environ=half | {"HTTP_PORT": "x"})

    os.close(lock)
    assert process.returncode == 78
    assert (folder / ".entrykit.stage" / "haproxy.cfg").exists()


def test_what_cannot_be_finished_hides_no_fault_of_the_variables(half):
    folder = Path(half["CONFIG_DIR"])
    (folder / "haproxy.cfg").unlink()
    (folder / "haproxy.cfg").mkdir()

    process = entrykit("haproxy", environ=half | {"HTTP_PORT": "x"})

    assert process.returncode == 78
    assert f"warning: {folder}/haproxy.cfg: " in process.stderr
    assert "error: HTTP_PORT" in process.stderr


def is_asleep(pid):
    return status(pid)["State"].startswith("S")


def test_a_start_that_fails_waits_for_another_that_is_at_work(half, tmp_path):
    """It may be in the middle of its renames just now."""
    folder = Path(half["CONFIG_DIR"])
    lock = os.open(folder, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    argv = [ENTRYKIT, "haproxy"]
    with Running(argv, half | {"HTTP_PORT": "x"}, tmp_path / "log") as running:
        running.comes(lambda: str(folder) in opened(running.pid) and is_asleep(running.pid))
        assert (folder / ".entrykit.decided").exists()
        os.close(lock)

        assert running.ended() == 78
    assert not (folder / ".entrykit.decided").exists()
