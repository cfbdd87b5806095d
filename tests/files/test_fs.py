"""Files and links are replaced atomically, by one writer or by several; pipes never block."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from entrykit.errors import CommitError
from entrykit.files.fs import (
    NotRegularFileError,
    create_file,
    link_file,
    open_live,
    open_regular,
    read_file,
    require_writable,
    write_file,
)

FULL = """
import resource, sys
from entrykit.files.fs import write_file
resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))  # write(2) fails as on a full disk
try:
    write_file(sys.argv[1], b"several octets", 0o600, shared=sys.argv[2] == "shared")
except OSError as error:
    print(error.filename)
"""


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


@pytest.mark.parametrize("shared", [False, True])
def test_a_file_is_replaced_with_its_mode_and_leaves_nothing(tmp_path: Path, shared: bool) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    old = os.umask(0o077)
    try:
        write_file(str(path), b"new", 0o644, shared=shared)
    finally:
        os.umask(old)

    assert (path.read_text(), mode(path), os.listdir(tmp_path)) == ("new", 0o644, ["file"])


@pytest.mark.parametrize("shared", [False, True])
def test_what_cannot_be_replaced_stays_and_is_named(tmp_path: Path, shared: bool) -> None:
    path = tmp_path / "folder"
    (path / "in").mkdir(parents=True)

    with pytest.raises(IsADirectoryError) as error:
        write_file(str(path), b"new", 0o644, shared=shared)

    assert str(path) in {error.value.filename, error.value.filename2}
    assert os.listdir(tmp_path) == ["folder"]


@pytest.mark.parametrize("shared", ["shared", "alone"])
def test_a_write_that_fails_names_the_file_and_leaves_what_was_there(
    tmp_path: Path, shared: str
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"before")

    argv = [sys.executable, "-c", FULL, str(file), shared]
    output = subprocess.run(argv, capture_output=True, text=True, check=True).stdout

    assert output == f"{file}\n"
    assert file.read_bytes() == b"before"
    assert [*tmp_path.iterdir()] == [file]


def test_a_lone_writer_replaces_what_a_kill_has_left_and_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("other")
    (tmp_path / ".file.entrykit").symlink_to(tmp_path / "other")

    write_file(str(tmp_path / "file"), b"new", 0o600)

    assert (tmp_path / "other").read_text() == "other"
    assert (tmp_path / "file").read_text() == "new"
    assert sorted(os.listdir(tmp_path)) == ["file", "other"]


def test_several_writers_each_write_a_whole_file(tmp_path: Path) -> None:
    path, texts = str(tmp_path / "file"), [bytes([65 + each]) * 100_000 for each in range(8)]
    threads = [
        threading.Thread(target=write_file, args=(path, text, 0o644), kwargs={"shared": True})
        for text in texts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert read_file(path) in texts
    assert os.listdir(tmp_path) == ["file"]


def test_a_relative_name_is_one_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    write_file("file", b"new", 0o644)
    link_file("file", "link")

    assert read_file("link") == b"new"


def test_a_new_file_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    create_file(str(path), b"one", 0o640)

    with pytest.raises(FileExistsError):
        create_file(str(path), b"two", 0o640)

    assert (path.read_text(), mode(path)) == ("one", 0o640)


@pytest.mark.parametrize("shared", [False, True])
def test_a_link_is_replaced_and_one_that_is_right_is_not_touched(
    tmp_path: Path, shared: bool
) -> None:
    path = tmp_path / "link"
    path.symlink_to("old")
    (tmp_path / ".link.entrykit").symlink_to("killed")

    assert link_file("new", str(path), shared=shared)
    inode = path.lstat().st_ino
    assert not link_file("new", str(path), shared=shared)

    assert (os.readlink(path), path.lstat().st_ino) == ("new", inode)


def test_a_file_with_the_name_of_an_unfinished_link_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / ".link.entrykit").write_text("a user's")

    with pytest.raises(FileExistsError):
        link_file("new", str(tmp_path / "link"))

    assert os.listdir(tmp_path) == [".link.entrykit"]


def test_a_link_takes_the_place_of_a_file_but_not_of_a_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "folder").mkdir()

    assert link_file("new", str(tmp_path / "file"))
    with pytest.raises(IsADirectoryError):
        link_file("new", str(tmp_path / "folder"))

    assert os.readlink(tmp_path / "file") == "new"
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_a_pipe_without_a_writer_is_refused_at_once(tmp_path: Path) -> None:
    path = str(tmp_path / "pipe")
    os.mkfifo(path)

    with pytest.raises(NotRegularFileError):
        open_regular(path)
    with pytest.raises(NotRegularFileError):
        read_file(path)
    with pytest.raises(CommitError, match="a pipe or a device"):
        open_live(path)


def test_a_device_and_a_directory_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(NotRegularFileError):
        open_regular("/dev/zero")
    with pytest.raises(IsADirectoryError):
        open_regular(str(tmp_path))


def test_what_does_not_exist_has_no_content(tmp_path: Path) -> None:
    assert read_file(str(tmp_path / "file")) == b""


def test_a_directory_that_can_be_written_is_accepted(tmp_path: Path) -> None:
    require_writable(str(tmp_path))


def test_a_read_only_file_system_is_told_from_a_lack_of_permission(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)

    with pytest.raises(PermissionError) as error:
        require_writable(str(tmp_path))
    assert (error.value.errno, error.value.filename) == (errno.EACCES, str(tmp_path))

    found = os.statvfs(tmp_path)
    monkeypatch.setattr(os, "statvfs", lambda _: _Changed(found.f_flag | os.ST_RDONLY))
    with pytest.raises(OSError, match=os.strerror(errno.EROFS)):
        require_writable(str(tmp_path))


class _Changed:
    def __init__(self, flag: int) -> None:
        self.f_flag = flag
