"""User files are never overwritten silently."""

from __future__ import annotations

import json

import pytest
from committing import accept, found, identity, texts, version

from entrykit.errors import CommitError
from entrykit.files.config_file import MARK, ConfigFile, ConfigFiles, add_mark
from entrykit.files.transaction import commit, refuse_foreign

OLD, NEW = version("old"), version("new")


@pytest.fixture
def folder(tmp_path):
    """A folder with the old set in it."""
    path = tmp_path / "live"
    commit(OLD, str(path), accept)
    return path


@pytest.mark.parametrize(
    "data",
    [
        b"global\n",
        b"\n",
        b"#",
        MARK[:-1].encode(),
        f"\n{MARK}\n".encode(),
        f" {MARK}".encode(),
        b"\xff\xfe\x00",
    ],
)
@pytest.mark.parametrize("name", list(OLD))
def test_a_file_of_somebody_else_is_left_alone_and_so_is_the_whole_set(folder, name, data):
    (folder / name).write_bytes(data)
    before = identity(folder)
    checked = []

    with pytest.raises(CommitError) as caught:
        commit(NEW, str(folder), checked.append)

    assert str(caught.value) == (
        f"{folder / name}: entrykit did not write this file and leaves it alone\n"
        "TIP: move it away, or set ENTRYKIT_OVERWRITE=1 to have it replaced"
    )
    assert (folder / name).read_bytes() == data
    assert identity(folder) == before
    assert checked == []


def test_a_file_of_somebody_else_is_replaced_on_demand(folder):
    (folder / "main.cfg").write_text("global\n")

    commit(NEW, str(folder), accept, overwrite=True)

    assert found(folder) == texts(NEW)


def test_files_of_other_names_are_nobodys_business(folder):
    (folder / "other.cfg").write_text("global\n")

    commit(NEW, str(folder), accept)

    assert found(folder) == {**texts(NEW), "other.cfg": "global\n"}


def test_an_empty_file_has_nothing_to_lose(folder):
    """As `touch` or a volume's initialisation leaves it."""
    (folder / "main.cfg").write_text("")

    commit(NEW, str(folder), accept)

    assert found(folder) == texts(NEW)


@pytest.mark.parametrize("target", ["elsewhere", "absent"])
def test_a_link_is_replaced_and_not_followed(folder, target):
    elsewhere = folder.parent / "elsewhere"
    elsewhere.write_text(OLD["main.cfg"].text)
    (folder / "main.cfg").unlink()
    (folder / "main.cfg").symlink_to(folder.parent / target)

    commit(NEW, str(folder), accept)

    assert found(folder) == texts(NEW)
    assert elsewhere.read_text() == OLD["main.cfg"].text


JSON_FILE = ConfigFile("def.json", add_mark("def.json", '{"a": 1}\n', "for a test"))


def test_a_json_file_of_ours_is_known_by_its_first_member(tmp_path):
    commit(ConfigFiles([JSON_FILE]), str(tmp_path), accept)
    newer = ConfigFile("def.json", add_mark("def.json", '{"a": 2}\n', "for a test"))

    assert commit(ConfigFiles([newer]), str(tmp_path), accept) == ["def.json"]
    assert json.loads((tmp_path / "def.json").read_text())["a"] == 2


@pytest.mark.parametrize("data", ['{"written_by": "me"}', '{"a": 1}', '["# Written by entrykit"]'])
def test_a_json_file_of_somebody_else_is_left_alone(tmp_path, data):
    (tmp_path / "def.json").write_text(data)

    with pytest.raises(CommitError, match="did not write this file"):
        commit(ConfigFiles([JSON_FILE]), str(tmp_path), accept)
    assert (tmp_path / "def.json").read_text() == data


def own(text):
    """A set with a user-supplied file, which carries no mark."""
    return ConfigFiles([ConfigFile("own.cfg", text)])


def test_what_an_earlier_start_wrote_without_a_mark_is_replaced_by_a_later_one(tmp_path):
    commit(own("one\n"), str(tmp_path), accept)

    refuse_foreign(str(tmp_path), own("two\n").values())
    commit(own("two\n"), str(tmp_path), accept)

    assert (tmp_path / "own.cfg").read_text() == "two\n"


def test_an_unchanged_file_without_a_mark_is_not_touched(tmp_path):
    commit(own("one\n"), str(tmp_path), accept)
    before = identity(tmp_path)

    refuse_foreign(str(tmp_path), own("one\n").values())

    assert commit(own("one\n"), str(tmp_path), accept) == []
    assert identity(tmp_path) == before


@pytest.mark.parametrize("edited", ["one, edited\n", "two\n"])
def test_a_file_without_a_mark_that_a_person_has_edited_is_left_alone(tmp_path, edited):
    commit(own("one\n"), str(tmp_path), accept)
    (tmp_path / "own.cfg").write_text(edited)

    with pytest.raises(CommitError, match="did not write this file"):
        commit(own("three\n"), str(tmp_path), accept)
    assert (tmp_path / "own.cfg").read_text() == edited


def test_a_list_that_somebody_else_has_under_that_name_is_left_alone(tmp_path):
    (tmp_path / "entrykit.sums").write_text("mine\n")

    with pytest.raises(CommitError, match=r"entrykit\.sums: entrykit did not write"):
        commit(own("one\n"), str(tmp_path), accept)
    assert not (tmp_path / "own.cfg").exists()
