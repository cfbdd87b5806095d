"""If the host cannot be prepared, no file becomes live."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from haproxy.namespaces import read_only
from programs import ENTRYKIT, edge_environ, entrykit


@pytest.fixture
def environ(tmp_path, search_path):
    """Variables of a start with other domains than those that are live."""
    environ = edge_environ(tmp_path / "config", search_path) | {"ENTRYKIT_UPSTREAM": "/bin/true"}
    assert entrykit("haproxy", environ=environ).returncode == 0
    return environ | {"DOMAINS": "127.0.0.1:2:two.test"}


def contents(environ):
    return {path.name: path.read_bytes() for path in Path(environ["CONFIG_DIR"]).glob("*.*")}


def no_link(folder):
    (folder / "tls").unlink()
    return folder / "tls"


def with_file(folder):
    no_link(folder).write_text("mine\n")
    return f"{folder}/tls: entrykit did not write this file"


def with_list_of_mine(folder):
    no_link(folder).mkdir()
    (folder / "tls" / "crt-list.txt").write_text("mine.pem\n")
    return f"{folder}/tls/crt-list.txt: entrykit did not write this file"


def with_file_for_the_new_link(folder):
    no_link(folder)
    (folder / ".tls.entrykit").write_text("mine\n")
    return f"{folder}/.tls.entrykit: File exists"


@pytest.mark.parametrize("obstacle", [with_file, with_list_of_mine, with_file_for_the_new_link])
def test_73_what_is_in_the_way_of_the_certificates_leaves_the_files(environ, obstacle):
    before = contents(environ)
    said = obstacle(Path(environ["CONFIG_DIR"]))
    obstacles = contents(environ)

    process = entrykit("haproxy", environ=environ)

    assert process.returncode == 73
    assert process.stderr.startswith(f"entrykit: error: {said}")
    assert contents(environ) == obstacles
    assert before.items() <= obstacles.items()


def test_73_a_folder_of_the_admin_socket_that_cannot_be_made_leaves_the_files(environ):
    """The tip names that directory."""
    before = contents(environ)

    process = entrykit("haproxy", environ=environ | {"ADMIN_SOCKET": "/proc/absent/admin.sock"})

    assert process.returncode == 73
    assert "/proc/absent: No such file or directory" in process.stderr
    assert "TIP: make /proc/absent a directory" in process.stderr
    assert contents(environ) == before


def test_73_a_folder_of_the_admin_socket_that_cannot_be_written_leaves_the_files(environ, tmp_path):
    before = contents(environ)
    (tmp_path / "run").mkdir()
    argv = [*read_only(tmp_path / "run"), ENTRYKIT, "haproxy"]
    more = {"ADMIN_SOCKET": f"{tmp_path}/run/admin.sock"}

    process = subprocess.run(argv, env=environ | more, capture_output=True, text=True, check=False)

    assert process.returncode == 73
    assert f"{tmp_path}/run: Read-only file system" in process.stderr
    assert f"TIP: mount something writable at {tmp_path}/run" in process.stderr
    assert contents(environ) == before


@pytest.mark.parametrize("words", [["haproxy"], ["render", "haproxy", "-o", "config"]])
def test_a_file_called_tls_is_replaced_on_demand_only(environ, tmp_path, words):
    tls = no_link(tmp_path / "config")
    tls.write_text("mine\n")

    process = entrykit(*words, environ=environ, cwd=tmp_path)
    assert process.returncode == 73
    assert "TIP: move it away, or set ENTRYKIT_OVERWRITE=1" in process.stderr
    assert tls.read_text() == "mine\n"

    process = entrykit(*words, environ=environ | {"ENTRYKIT_OVERWRITE": "1"}, cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert (tls / "crt-list.txt").is_file()


def test_a_refused_start_touches_neither_certificates_nor_the_socket_s_folder(environ, tmp_path):
    link = os.readlink(tmp_path / "config" / "tls")
    places = {"CERTS_DIR": f"{tmp_path}/new", "ADMIN_SOCKET": f"{tmp_path}/run/admin.sock"}

    process = entrykit("haproxy", environ=environ | places | {"HAPROXY_EXTRA_GLOBAL": "garbage"})

    assert process.returncode == 65
    assert os.readlink(tmp_path / "config" / "tls") == link
    assert sorted(os.listdir(tmp_path)) == ["config"]
