"""Directories are created with their parents, and never world-writable."""

from __future__ import annotations

import os
import stat
from contextlib import chdir

import pytest

from entrykit.files.fs import make_folder


@pytest.mark.parametrize(("umask", "mode"), [(0o000, 0o755), (0o022, 0o755), (0o077, 0o700)])
def test_no_made_folder_can_be_written_by_others_whatever_the_umask(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        made = make_folder(tmp_path / "a" / "b")
    finally:
        os.umask(before)

    assert made
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b")] == [mode] * 2


def test_a_folder_that_is_there_stays_as_it_is(tmp_path):
    tmp_path.chmod(0o777)

    assert not make_folder(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o777


@pytest.mark.parametrize("path", ["file", "file/b", "dangling"])
def test_what_has_the_name_and_is_no_folder_is_an_error(tmp_path, path):
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to("nowhere")

    with pytest.raises((FileExistsError, NotADirectoryError)):
        make_folder(tmp_path / path)


def test_no_path_is_too_deep_that_the_system_takes(tmp_path):
    """Python gives up at a thousand calls within each other; a path may have 2,000 names."""
    with chdir(tmp_path):
        assert make_folder("a/" * 1500)
        os.removedirs("a/" * 1500)  # what removes a test's folder cannot either


def test_a_link_to_a_folder_is_one_and_a_slash_at_the_end_is_nothing(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)

    assert not make_folder(tmp_path / "link")
    assert make_folder(f"{tmp_path}/new/")
