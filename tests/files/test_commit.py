"""All files of a role become live, or none; what did not change is not touched."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import committing
import pytest
from committing import accept, found, identity, refuse, texts, version
from programs import entrykit

from entrykit.errors import CheckError, CommitError
from entrykit.files.config_file import MARK, PRIVATE, PUBLIC, ConfigFile, ConfigFiles
from entrykit.files.transaction import commit

OLD, NEW = version("old"), version("new")


@pytest.fixture
def folder(tmp_path):
    """A folder with the old set in it."""
    path = tmp_path / "live"
    commit(OLD, str(path), accept)
    return path


def modes(folder):
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def test_the_first_commit_makes_the_folder_and_the_whole_set(tmp_path):
    changed = commit(NEW, str(tmp_path / "a" / "b"), accept)

    assert changed == ["hosts.map", "sni.map", "main.cfg"]
    assert found(tmp_path / "a" / "b") == texts(NEW)


def test_a_commit_replaces_the_whole_set_and_leaves_nothing_else(folder):
    changed = commit(NEW, str(folder), accept)

    assert changed == ["hosts.map", "sni.map", "main.cfg"]
    assert found(folder) == texts(NEW)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_modes_are_exact_whatever_the_umask(folder, umask):
    before = os.umask(umask)
    try:
        commit(NEW, str(folder), accept)
    finally:
        os.umask(before)

    assert modes(folder) == {"hosts.map": PUBLIC, "sni.map": PUBLIC, "main.cfg": PRIVATE}


def test_an_equal_set_touches_nothing(folder):
    """Inodes and times stay, the folder's as well."""
    before = identity(folder)

    assert commit(OLD, str(folder), accept) == []
    assert identity(folder) == before


def test_only_what_changed_is_replaced(folder):
    """The others keep inode and time."""
    before = identity(folder)
    files = ConfigFiles([*list(OLD.values())[:2], NEW["main.cfg"]])

    assert commit(files, str(folder), accept) == ["main.cfg"]
    after = identity(folder)
    assert found(folder) == texts(files)
    assert {path.name for path in before if before[path] != after[path]} == {"live", "main.cfg"}


@pytest.mark.parametrize(
    ("name", "mode", "then"),
    [
        ("main.cfg", 0o644, PRIVATE),
        ("main.cfg", 0o660, PRIVATE),
        ("main.cfg", 0o600, 0o600),
        ("hosts.map", 0o666, PUBLIC),
        ("hosts.map", 0o400, 0o400),
    ],
)
def test_a_looser_mode_is_tightened_and_a_tighter_one_left(folder, name, mode, then):
    (folder / name).chmod(mode)

    changed = commit(OLD, str(folder), accept)

    assert changed == ([name] if mode != then else [])
    assert modes(folder)[name] == then
    assert found(folder) == texts(OLD)


@pytest.mark.parametrize(
    "error", [CheckError(["daemon"], 1, "no"), KeyboardInterrupt(), SystemExit(143)]
)
@pytest.mark.parametrize("before", [None, OLD], ids=["first", "change"])
def test_a_set_that_is_not_accepted_changes_nothing(tmp_path, before, error):
    """Neither when the daemon refuses it nor when the start is stopped meanwhile."""
    if before:
        commit(before, str(tmp_path), accept)
    untouched = {path: value for path, value in identity(tmp_path).items() if path != tmp_path}

    def check(_folder):
        raise error

    with pytest.raises(type(error)):
        commit(NEW, str(tmp_path), check)

    assert found(tmp_path) == (texts(before) if before else {})
    assert {path: identity(tmp_path)[path] for path in untouched} == untouched


def test_the_check_sees_the_whole_new_set_in_one_directory(folder):
    """What did not change is there as well."""
    files = ConfigFiles([NEW["hosts.map"], OLD["sni.map"], NEW["main.cfg"]])
    seen = {}

    commit(files, str(folder), lambda stage: seen.update(found(stage)))

    assert seen == texts(files)
    assert found(folder) == texts(files)


def test_the_judge_sees_the_live_set_where_nothing_changes(folder):
    """A certificate beside the files may have gone bad meanwhile."""
    checked = []

    commit(OLD, str(folder), checked.append)
    with pytest.raises(CheckError):
        commit(OLD, str(folder), refuse)

    assert checked == [str(folder)]


@pytest.mark.parametrize("name", list(OLD))
def test_a_folder_in_the_place_of_a_file_stops_the_commit(folder, name):
    """Docker makes one where a bind mount's source does not exist."""
    (folder / name).unlink()
    (folder / name).mkdir()
    before = found(folder)

    with pytest.raises(CommitError) as caught:
        commit(NEW, str(folder), accept, overwrite=True)

    assert str(caught.value).startswith(f"{folder / name}: Is a directory (errno 21, as uid ")
    assert caught.value.exit_code == 73
    assert found(folder) == before


@pytest.mark.parametrize("verb", ["haproxy", "diff haproxy"])
def test_a_pipe_in_the_place_of_a_file_is_said_and_not_waited_for(tmp_path, verb):
    """Also where anything might be overwritten."""
    os.mkfifo(tmp_path / "haproxy.cfg")
    environ = {"DOMAINS": "web:example.com", "CONFIG_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    more = {"ENTRYKIT_UPSTREAM": "/bin/true", "ENTRYKIT_OVERWRITE": "1"}

    process = entrykit(*verb.split(), environ=environ | more)

    assert process.returncode == 73
    assert process.stderr.startswith(
        f"entrykit: error: {tmp_path}/haproxy.cfg: a pipe or a device stands in the place"
    )


def test_a_file_in_the_place_of_the_folder_stops_the_commit(tmp_path):
    (tmp_path / "live").write_text("")

    with pytest.raises(CommitError, match="live: File exists"):
        commit(NEW, str(tmp_path / "live"), accept)


def test_text_is_written_as_utf_8_without_changes(tmp_path):
    text = f"{MARK}\nüber → 🙂\r\n\x7f \n\n no newline at the end"

    commit(ConfigFiles([ConfigFile("a", text)]), str(tmp_path), accept)

    assert (tmp_path / "a").read_bytes() == text.encode()


def test_two_commits_at_a_time_end_with_one_whole_set(folder):
    """Containers may share a volume; none of them fails, and none leaves anything behind."""
    program = [sys.executable, committing.__file__, str(folder)]
    both = [
        subprocess.Popen([*program, name, "--times", "40"], stdout=subprocess.PIPE)
        for name in ("one", "two")
    ]
    said = [process.communicate(timeout=60)[0] for process in both]

    assert [b"error" in words for words in said] == [False, False], said
    assert found(folder) in (texts(version("one")), texts(version("two")))
