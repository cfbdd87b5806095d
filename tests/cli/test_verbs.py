"""`entrykit render` and `entrykit check`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from contextlib import chdir
from pathlib import Path

import pytest
from programs import script

import entrykit

SITE = ["--no-env", "-e", "DOMAINS=web:example.com"]
NAMES = ["hosts.map", "sni.map", "haproxy.cfg"]


def written(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir() if path.is_file()}


# render


def test_render_writes_each_file_to_stdout_under_a_line_with_its_name(run):
    """Byte for byte what the library gives; the main file is the last."""
    code, out, err = run("render", *SITE)

    files = entrykit.render("haproxy", {"DOMAINS": "web:example.com"})
    assert (code, err) == (0, "")
    assert out == "".join(f"==> {name} <==\n{files[name].text}" for name in NAMES)


def test_render_of_equal_input_gives_equal_bytes(run):
    assert run("render", *SITE) == run("render", *SITE)


@pytest.mark.parametrize("kind", ["absolute", "relative", "new below a new one", "with a slash"])
def test_render_writes_the_folder_as_it_stands_in_the_image(run, tmp_path, kind):
    folder = {
        "absolute": str(tmp_path / "out"),
        "relative": "out",
        "new below a new one": "new/out",
        "with a slash": "./out/",
    }[kind]
    with chdir(tmp_path):
        assert run("render", *SITE, "-o", folder)[:2] == (0, "")

    files = entrykit.render("haproxy", {"DOMAINS": "web:example.com"})
    found = written(tmp_path / folder)
    assert found == {name: files[name].octets for name in NAMES}
    assert (tmp_path / folder / "tls" / "crt-list.txt").is_file()


@pytest.mark.versions
def test_a_rendered_folder_is_valid_from_any_working_directory_and_after_a_move(
    run, tmp_path, search_path
):
    run("render", *SITE, "-o", str(tmp_path / "out"))
    shutil.move(tmp_path / "out", tmp_path / "moved")

    for cwd, path in [("/", tmp_path / "moved"), (tmp_path, "moved"), (tmp_path / "moved", ".")]:
        subprocess.run(
            ["haproxy", "-c", "-f", os.path.join(path, "haproxy.cfg")],
            cwd=cwd, env={"PATH": search_path}, check=True, capture_output=True,
        )  # fmt: skip


def test_rendering_into_a_folder_again_touches_nothing(run, tmp_path):
    run("render", *SITE, "-o", str(tmp_path))
    before = {path: path.stat() for path in tmp_path.rglob("*") if path.suffix in {".cfg", ".map"}}

    assert run("render", *SITE, "-o", str(tmp_path))[0] == 0

    after = {path: path.stat() for path in before}
    changed = [path for path in before if before[path].st_mtime_ns != after[path].st_mtime_ns]
    assert [path for path in changed if path.parent == tmp_path] == []
    assert [path for path in before if path.parent == tmp_path] != []


def test_what_has_a_secret_inside_is_for_the_owner_and_the_group(run, tmp_path):
    """The file with the password; files without secrets are world-readable."""
    run("render", *SITE, "-e", "STATS_PORT=1", "-e", "STATS_PASSWORD=x", "-o", str(tmp_path))

    modes = {name: (tmp_path / name).stat().st_mode & 0o777 for name in NAMES}
    assert modes == {"haproxy.cfg": 0o640, "hosts.map": 0o644, "sni.map": 0o644}


def test_render_leaves_a_user_supplied_file_alone(run, tmp_path):
    (tmp_path / "haproxy.cfg").write_text("global\n")

    code, _, err = run("render", *SITE, "-o", str(tmp_path))
    assert code == 73
    assert f"{tmp_path}/haproxy.cfg: entrykit did not write this file" in err
    assert written(tmp_path) == {"haproxy.cfg": b"global\n"}

    assert run("render", *SITE, "-e", "ENTRYKIT_OVERWRITE=1", "-o", str(tmp_path))[0] == 0
    assert sorted(written(tmp_path)) == sorted(NAMES)


def test_render_needs_no_daemon_and_no_path(run):
    """A laptop has no HAProxy."""
    assert run("render", *SITE, environ={"PATH": "/absent"})[0] == 0


# check


@pytest.mark.versions
def test_check_gives_the_daemons_verdict_and_what_it_warns_of(run, search_path):
    code, out, err = run("check", *SITE, environ={"PATH": search_path})

    assert (code, out) == (0, "")
    assert "no SSL certificate specified for bind '0.0.0.0:443'" in err
    assert "[haproxy.cfg:" in err
    assert "entrykit: \n" not in err


@pytest.mark.versions
def test_check_fails_with_the_daemons_own_words(run, search_path):
    bad = ["-e", "HAPROXY_EXTRA_DEFAULTS=    garbage"]

    code, out, err = run("check", *SITE, *bad, environ={"PATH": search_path})

    assert (code, out) == (65, "")
    assert re.search(r"\| .*\[haproxy\.cfg:\d+\] : unknown keyword 'garbage'", err)


def test_check_of_a_silent_daemon_says_nothing(run, tmp_path):
    """HAProxy 3.0 and later print nothing for a valid file."""
    script(tmp_path / "haproxy", "exit 0")

    assert run("check", *SITE, environ={"PATH": str(tmp_path)}) == (0, "", "")


def test_check_needs_the_daemon(run, tmp_path):
    """Not `entrykit` is missing, but what it asks: 127 as in a shell."""
    code, out, err = run("check", *SITE, environ={"PATH": str(tmp_path)})

    assert (code, out) == (127, "")
    assert err == "entrykit: error: haproxy: no such program in PATH\n"


def test_check_leaves_nothing_behind(run, tmp_path):
    """The daemon gets a directory with every file; the live one stays as it is."""
    seen = tmp_path / "seen"
    script(tmp_path / "haproxy", f'for last; do :; done; cp -r "${{last%/*}}" {seen}; echo "$@"')
    live = tmp_path / "live"
    environ = {"PATH": f"{tmp_path}:/bin", "CONFIG_DIR": str(live), "DOMAINS": "web:example.com"}

    code, _, err = run("check", environ=environ)

    assert code == 0
    assert {*NAMES, "tls"} <= {path.name for path in seen.iterdir()}
    assert not live.exists()
    folder = err.split()[-1].removesuffix("/haproxy.cfg")
    assert not os.path.exists(folder)


@pytest.mark.parametrize("verb", ["check", "render", "diff"])
def test_no_environment_is_needed_but_what_is_named(run, verb, tmp_path):
    """--no-env ignores the process environment except PATH, which belongs to the host."""
    script(tmp_path / "haproxy", "exit 0")
    environ = {"PATH": str(tmp_path), "HTTP_PORT": "none", "DOMAINS": "nothing"}

    code = run(verb, *SITE, "-e", f"CONFIG_DIR={tmp_path}/absent", environ=environ)[0]

    assert code == (1 if verb == "diff" else 0)
