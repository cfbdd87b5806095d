"""The crt-list and the map of names: what is in them, and how they come to lie there."""

from __future__ import annotations

import os
import resource
import stat
from contextlib import contextmanager

import pytest
import trustme

from entrykit.files.config_file import MARK
from entrykit.tls.certificate_folder import CRT_LIST, NAMES_MAP, Index, index
from entrykit.tls.crt_list import mirror, write_absolute_index, write_index
from entrykit.tls.pem import Pem

CA = trustme.CA()
FIRST_LINE = f"{MARK} for a test."


def pem(*names):
    return CA.issue_cert(*names).private_key_and_cert_chain_pem.bytes()


def lines(text):
    mark, *rest = text.splitlines()
    assert mark == FIRST_LINE
    assert text.endswith("\n")
    return rest


def names_map(*served):
    return lines(Index(served, ()).names_map(FIRST_LINE))


# what is found


def test_a_folder_is_told_apart_into_served_and_left_out(tmp_path):
    for name in ("b.pem", "a.pem", ".hidden.pem", "a.pem.issuer", "z.dh", CRT_LIST, NAMES_MAP):
        (tmp_path / name).write_bytes(pem(f"{name[0]}.test" if name[0].isalpha() else "h.test"))
    (tmp_path / "README").write_text("Put certificates here.\n")
    (tmp_path / "half.pem").write_bytes(pem("half.test")[:-40])
    (tmp_path / "od\nd.pem").write_bytes(b"")
    found = index(tmp_path)

    assert found.served == (Pem("a.pem", ("a.test",)), Pem("b.pem", ("b.test",)))
    assert found.left_out == (
        "half.pem: incomplete: a part of it begins and does not end",
        '"od\\nd.pem": no certificate in PEM format',
    )


def test_a_folder_that_is_not_there_is_empty(tmp_path):
    assert index(tmp_path / "absent") == Index((), ())


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path):
    (tmp_path / "certs").touch()

    with pytest.raises(NotADirectoryError):
        index(tmp_path / "certs")


def test_links_as_kubernetes_has_them_are_followed_once(tmp_path):
    (tmp_path / "..2030").mkdir()
    (tmp_path / "..2030/web.pem").write_bytes(pem("a.test"))
    (tmp_path / "..data").symlink_to("..2030")
    (tmp_path / "web.pem").symlink_to("..data/web.pem")

    assert index(tmp_path).served == (Pem("web.pem", ("a.test",)),)


# what is written of it


def test_a_crt_list_has_a_line_for_each_file():
    served = Index((Pem("a.pem", ("a.test",)), Pem("b", ("b.test",))), ())

    assert lines(served.crt_list(FIRST_LINE)) == ["a.pem", "b"]


def test_nothing_served_is_two_files_with_their_first_lines():
    assert Index((), ()).crt_list(FIRST_LINE) == f"{FIRST_LINE}\n"
    assert Index((), ()).names_map(FIRST_LINE) == f"{FIRST_LINE}\n"


def test_each_name_belongs_to_the_group_of_its_certificate():
    assert names_map(Pem("1", ("b.test", "a.test")), Pem("2", ("*.c.test",))) == [
        "*.c.test 2",
        "a.test 1",
        "b.test 1",
    ]


def test_variants_for_the_same_names_are_one_group():
    """Whichever of them a client is given, in whatever order they have their names."""
    variants = Pem("web.ecdsa", ("a.test", "b.test")), Pem("web.rsa", ("b.test", "a.test"), "rsa")

    assert names_map(*variants) == ["a.test web.ecdsa", "b.test web.ecdsa"]


def test_of_two_with_the_same_name_the_first_is_presented():
    assert names_map(Pem("1", ("a.test", "s.test")), Pem("2", ("b.test", "s.test"))) == [
        "a.test 1",
        "b.test 2",
        "s.test 1",
    ]


@pytest.mark.parametrize(
    ("first", "second", "presented"),
    [
        ("ecdsa", "rsa", "1"),
        ("rsa", "ecdsa", "2"),
        ("other", "rsa", "2"),
        ("other", "ecdsa", "2"),
        ("rsa", "rsa", "1"),
    ],
)
def test_of_two_kinds_the_better_one_is_presented(first, second, presented):
    shared = names_map(Pem("1", ("a.test", "s.test"), first), Pem("2", ("s.test",), second))

    assert shared[-1] == f"s.test {presented}"


@pytest.mark.parametrize(
    ("wild", "exact", "presented"),
    [("ecdsa", "ecdsa", "2"), ("ecdsa", "rsa", "1"), ("rsa", "ecdsa", "2"), ("rsa", "other", "1")],
)
def test_a_wildcard_is_presented_only_if_it_is_of_a_better_kind(wild, exact, presented):
    shared = names_map(Pem("1", ("*.a.test",), wild), Pem("2", ("x.a.test", "a.test"), exact))

    assert shared == ["*.a.test 1", "a.test 2", f"x.a.test {presented}"]


# how it is written


def test_both_files_can_be_read_by_all_whatever_the_umask(tmp_path):
    with umask(0o077):
        write_index(tmp_path, Index((), ()), FIRST_LINE)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {CRT_LIST: 0o644, NAMES_MAP: 0o644}


@contextmanager
def umask(mask):
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def identity(path):
    found = path.lstat()
    return found.st_ino, found.st_mtime_ns


def test_what_is_as_it_should_be_is_not_touched(tmp_path):
    (tmp_path / "1").write_bytes(pem("a.test"))
    write_index(tmp_path, index(tmp_path), FIRST_LINE)
    before = [identity(tmp_path / name) for name in (CRT_LIST, NAMES_MAP)]
    (tmp_path / "1").write_bytes(pem("a.test"))
    write_index(tmp_path, index(tmp_path), FIRST_LINE)

    assert [identity(tmp_path / name) for name in (CRT_LIST, NAMES_MAP)] == before


def test_each_file_is_replaced_on_its_own(tmp_path):
    write_index(tmp_path, Index((Pem("1", ("a.test",)),), ()), FIRST_LINE)
    before = [identity(tmp_path / name) for name in (CRT_LIST, NAMES_MAP)]
    write_index(tmp_path, Index((Pem("1", ("b.test",)),), ()), FIRST_LINE)
    after = [identity(tmp_path / name) for name in (CRT_LIST, NAMES_MAP)]

    assert before[0] == after[0]
    assert before[1] != after[1]


def test_a_reader_of_the_old_file_keeps_it_whole(tmp_path):
    write_index(tmp_path, Index((Pem("1", ("a.test",)),), ()), FIRST_LINE)
    with (tmp_path / CRT_LIST).open() as old:
        write_index(tmp_path, Index((Pem("2", ("a.test",)),), ()), FIRST_LINE)

        assert lines(old.read()) == ["1"]
    assert lines((tmp_path / CRT_LIST).read_text()) == ["2"]


def test_a_file_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / CRT_LIST).write_text("web.pem *.example.com\n")

    with pytest.raises(FileExistsError, match="entrykit did not write this file"):
        write_index(tmp_path, Index((), ()), FIRST_LINE)
    assert (tmp_path / CRT_LIST).read_text() == "web.pem *.example.com\n"


def test_a_disk_without_space_leaves_the_old_files_and_nothing_else(tmp_path):
    write_index(tmp_path, Index((), ()), FIRST_LINE)
    many = Index(tuple(Pem(f"{number}.pem", ("a.test",)) for number in range(1000)), ())

    with largest_file(4096), pytest.raises(OSError, match="File too large"):
        write_index(tmp_path, many, FIRST_LINE)
    assert sorted(os.listdir(tmp_path)) == [CRT_LIST, NAMES_MAP]
    assert lines((tmp_path / CRT_LIST).read_text()) == []


@contextmanager
def largest_file(size):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_folder_in_place_of_a_file_is_an_error(tmp_path):
    (tmp_path / CRT_LIST).mkdir()

    with pytest.raises(IsADirectoryError):
        write_index(tmp_path, Index((), ()), FIRST_LINE)


def test_a_file_name_that_is_not_utf_8_comes_through_as_it_is(tmp_path):
    name = os.fsdecode(b"w\xffb.pem")
    (tmp_path / name).write_bytes(pem("a.test"))
    write_index(tmp_path, index(tmp_path), FIRST_LINE)

    assert (tmp_path / CRT_LIST).read_bytes().endswith(b"\nw\xffb.pem\n")
    assert (tmp_path / NAMES_MAP).read_bytes().endswith(b"\na.test w\xffb.pem\n")


def test_a_folder_that_has_not_changed_is_not_judged_again(tmp_path):
    """A start looks twice, and OpenSSL takes half a millisecond for each key."""
    issued, other = CA.issue_cert("a.test"), CA.issue_cert("a.test")
    (tmp_path / "a.pem").write_bytes(issued.cert_chain_pems[0].bytes())
    (tmp_path / "a.pem.key").write_bytes(issued.private_key_pem.bytes())
    found = index(tmp_path)
    assert index(tmp_path) is found
    assert found.served

    (tmp_path / "new.key").write_bytes(other.private_key_pem.bytes())
    (tmp_path / "new.key").rename(tmp_path / "a.pem.key")
    assert not index(tmp_path).served


# a folder that names them where they lie


def test_what_is_only_judged_is_named_where_it_lies(folders):
    certs, into = folders
    write_absolute_index(str(certs), str(into), FIRST_LINE)

    assert sorted(os.listdir(into)) == [CRT_LIST, NAMES_MAP]
    assert lines((into / CRT_LIST).read_text()) == [f"{certs}/1"]
    assert lines((into / NAMES_MAP).read_text()) == ["a.test 1"]


def test_where_no_crt_list_can_name_the_folder_there_are_links(folders, tmp_path):
    certs, into = folders
    odd = certs.rename(tmp_path / "my certs")
    write_absolute_index(str(odd), str(into), FIRST_LINE)

    assert links(into) == {"1": f"{odd}/1"}
    assert lines((into / CRT_LIST).read_text()) == ["1"]


# the folder of links


@pytest.fixture
def folders(tmp_path):
    certs = tmp_path / "certs"
    certs.mkdir()
    (certs / "1").write_bytes(pem("a.test"))
    return certs, tmp_path / "made" / "tls"


def links(folder):
    return {path.name: os.readlink(path) for path in folder.iterdir() if path.is_symlink()}


def test_a_mirror_has_links_to_what_is_served_and_the_two_files(folders):
    certs, into = folders
    issued = CA.issue_cert("b.test")
    (certs / "2").write_bytes(issued.cert_chain_pems[0].bytes())
    (certs / "2.key").write_bytes(issued.private_key_pem.bytes())
    (certs / "broken.pem").touch()
    (certs / "broken.pem.key").touch()
    found = mirror(certs, into, FIRST_LINE)

    assert found == index(certs)
    assert links(into) == {name: f"{certs}/{name}" for name in ("1", "2", "2.key")}
    assert {path.name for path in into.iterdir()} == {*links(into), CRT_LIST, NAMES_MAP}
    assert lines((into / CRT_LIST).read_text()) == ["1", "2"]


def test_what_is_mirrored_is_not_changed(folders):
    certs, into = folders
    before = [identity(certs), identity(certs / "1")]
    mirror(certs, into, FIRST_LINE)

    assert [identity(certs), identity(certs / "1")] == before
    assert os.listdir(certs) == ["1"]


def test_a_second_mirror_touches_nothing(folders):
    certs, into = folders
    mirror(certs, into, FIRST_LINE)
    before = {path.name: identity(path) for path in into.iterdir()}
    mirror(certs, into, FIRST_LINE)

    assert {path.name: identity(path) for path in into.iterdir()} == before


def test_a_mirror_loses_links_to_what_is_gone_and_nothing_else(folders):
    certs, into = folders
    (certs / "2").write_bytes(pem("b.test"))
    mirror(certs, into, FIRST_LINE)
    (into / "file").touch()
    (into / "link").symlink_to("/nowhere")
    (certs / "1").unlink()
    mirror(certs, into, FIRST_LINE)

    assert links(into) == {"2": f"{certs}/2", "link": "/nowhere"}
    assert (into / "file").exists()


def test_a_mirror_follows_the_folder_that_it_is_told(folders, tmp_path):
    certs, into = folders
    mirror(certs, into, FIRST_LINE)
    certs.rename(tmp_path / "moved")
    mirror(tmp_path / "moved", into, FIRST_LINE)

    assert links(into) == {"1": f"{tmp_path}/moved/1"}


def test_a_mirror_of_a_relative_folder_leads_there(folders):
    certs, into = folders
    mirror(os.path.relpath(certs), into, FIRST_LINE)

    assert (into / "1").read_bytes() == (certs / "1").read_bytes()


@pytest.mark.parametrize("mode", [0o755, 0o775])
def test_a_mirror_is_as_open_to_its_group_as_the_folder_that_it_is_in(tmp_path, mode):
    """The next start may be another user of that group."""
    tmp_path.chmod(mode)
    mirror(tmp_path / "absent", tmp_path / "tls", FIRST_LINE)

    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == mode


def test_a_mirror_of_nothing_is_two_files(tmp_path):
    mirror(tmp_path / "absent", tmp_path / "tls", FIRST_LINE)

    assert sorted(os.listdir(tmp_path / "tls")) == [CRT_LIST, NAMES_MAP]


def test_a_mirror_does_not_replace_a_file_by_a_link(folders):
    certs, into = folders
    into.mkdir(parents=True)
    (into / "1").write_text("mine")

    with pytest.raises(FileExistsError):
        mirror(certs, into, FIRST_LINE)
    assert (into / "1").read_text() == "mine"
