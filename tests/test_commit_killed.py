"""Killed at any point, the next start finds the old set or the new one, whole."""

from __future__ import annotations

import json
import subprocess
import sys

import killing
import pytest
from committing import accept, found, refuse, texts, version
from namespaces import mounted

from entrykit.commit import commit
from entrykit.errors import CheckError, CommitError

KILL = f"{sys.executable} {killing.__file__}"
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
