"""A file that a person put there is never overwritten silently."""

from __future__ import annotations

import pytest
from committing import accept, found, identity, texts, version

from entrykit.commit import commit
from entrykit.configfile import MARK
from entrykit.errors import CommitError

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
    judged = []

    with pytest.raises(CommitError) as caught:
        commit(NEW, str(folder), judged.append)

    assert str(caught.value) == (
        f"{folder / name}: entrykit did not write this file and leaves it alone\n"
        "TIP: move it away, or set ENTRYKIT_OVERWRITE=1 to have it replaced"
    )
    assert (folder / name).read_bytes() == data
    assert identity(folder) == before
    assert judged == []


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
