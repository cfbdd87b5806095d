"""Every way to fail has its exit code, as sysexits(3) and the shell have them, and its words."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from programs import edge_environ, entrykit, script

from entrykit.discovery.finder import role_names
from entrykit.verb_table import VERBS

TRUE = {"ENTRYKIT_UPSTREAM": "/bin/true"}


@pytest.fixture
def environ(tmp_path, search_path):
    """Variables for the real HAProxy, with an upstream that only ends."""
    return edge_environ(tmp_path / "config", search_path) | TRUE


def contents(environ):
    paths = Path(environ["CONFIG_DIR"]).glob("*.*")
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}


ROLES = ", ".join(role_names())
KNOWN = f"(roles: {ROLES}; commands: {', '.join(VERBS)})"
USAGE = [
    ([], f"no role or command given {KNOWN}\nTIP: entrykit --help"),
    (["nosuch"], f"unknown role or command 'nosuch' {KNOWN}\nTIP: entrykit --help"),
    (["haprxy"], "unknown role or command 'haprxy'; did you mean 'haproxy'?\nTIP: entrykit --help"),
    (["chekc"], "unknown role or command 'chekc'; did you mean 'check'?\nTIP: entrykit --help"),
    (["../haproxy"], "unknown role or command '../haproxy'; did you mean 'haproxy'?\nTIP: "),
    (["check"], "the following arguments are required: role\nTIP: entrykit check --help"),
    (["render"], "expected a role, or --template FROM:TO with optional --mode and -- CMD\nTIP: "),
    (["render", "nosuch"], f"unknown role 'nosuch' (roles: {ROLES})"),
    (["render", "nginx"], "unknown role 'nginx'; did you mean 'nginx-static'?"),
    (["--loud", "haproxy"], "unrecognized arguments: --loud\nTIP: entrykit --help"),
    (["render", "haproxy", "--no-e"], "unrecognized arguments: --no-e\nTIP: entrykit render"),
    (["--vers"], "unrecognized arguments: --vers\nTIP: entrykit --help"),
    (["roles", "haproxy"], "unrecognized arguments: haproxy\nTIP: entrykit roles --help"),
    (["check", "haproxy", "-o", "x"], "unrecognized arguments: -o x\nTIP: entrykit check --help"),
    (["render", "haproxy", "-e"], "argument -e: expected one argument\nTIP: entrykit render"),
    (["render", "haproxy", "-e", "=x"], '-e "=x": no name before the = (expected NAME=value)'),
    (["render", "haproxy", "-o", ""], "argument -o: empty (expected a directory)\nTIP: entrykit"),
    (["env", "haproxy", "--format", "xml"], "argument --format: invalid choice: 'xml'"),
    (
        ["render", "haproxy", "--env-file", "/absent"],
        '--env-file "/absent": No such file or directory',
    ),
]


@pytest.mark.parametrize(("words", "said"), USAGE, ids=lambda value: str(value)[:40])
def test_64_the_words_on_the_command_line_are_off(environ, words, said):
    process = entrykit(*words, environ=environ)

    assert process.returncode == 64
    assert process.stdout == ""
    lines = "".join(f"entrykit: error: {line}\n" for line in said.splitlines())
    assert process.stderr.startswith(lines[:-1])


@pytest.mark.versions
def test_65_the_daemon_refuses_the_files_in_its_own_words(environ):
    """They name the file and the line; the files of the last good start stay untouched."""
    assert entrykit("haproxy", environ=environ).returncode == 0
    before = contents(environ)

    process = entrykit("haproxy", environ=environ | {"HAPROXY_EXTRA_GLOBAL": "garbage in"})

    assert process.returncode == 65
    assert "haproxy refused the configuration; nothing was changed" in process.stderr
    assert "unknown keyword 'garbage' in 'global' section" in process.stderr
    assert "[haproxy.cfg:" in process.stderr
    assert process.stderr.endswith("shows the files\n")
    assert contents(environ) == before
    assert len(before) == 3


@pytest.mark.versions
@pytest.mark.parametrize("verb", ["haproxy", "check haproxy"])
def test_no_secret_is_shown_even_if_the_daemon_prints_it(environ, verb):
    """It repeats words of the lines that it does not understand."""
    secret = {"STATS_PORT": "18405", "STATS_PASSWORD": "hunter2"}

    process = entrykit(*verb.split(), environ=environ | secret | {
        "HAPROXY_EXTRA_GLOBAL": "user hunter2",
    })  # fmt: skip

    assert process.returncode == 65
    assert "cannot find user id for '***'" in process.stderr
    assert "hunter2" not in process.stderr + process.stdout


@pytest.mark.parametrize("verb", ["haproxy", "check haproxy"])
def test_65_a_daemon_that_was_killed_while_it_judged_refused_nothing(environ, tmp_path, verb):
    """As by the kernel, where memory is short."""
    (tmp_path / "bin").mkdir()
    script(tmp_path / "bin" / "haproxy", "kill -KILL $$")
    path = f"{tmp_path}/bin:/usr/bin:/bin"

    process = entrykit(*verb.split(), environ=environ | {"PATH": path})

    assert process.returncode == 65
    first = "entrykit: error: haproxy was killed by SIGKILL; nothing was changed\n"
    assert process.stderr.startswith(first)


@pytest.mark.parametrize("secret", ["a", "7", "in", "the"])
def test_a_short_secret_is_masked_where_it_stands_alone_and_leaves_words_whole(environ, secret):
    stats = {"STATS_PORT": "18405", "STATS_PASSWORD": secret}

    process = entrykit("check", "haproxy", environ=environ | stats | {
        "HAPROXY_EXTRA_GLOBAL": f"user {secret}",
    })  # fmt: skip

    assert process.returncode == 65
    assert "cannot find user id for '***'" in process.stderr
    assert "haproxy refused the configuration; nothing was changed" in process.stderr
    assert "configuration file" in process.stderr


def test_73_the_folder_cannot_be_written(environ, tmp_path):
    (tmp_path / "config").write_text("")

    process = entrykit("haproxy", environ=environ)

    assert process.returncode == 73
    assert f"entrykit: error: {tmp_path}/config" in process.stderr
    assert "TIP: " in process.stderr


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["render", "--help"]])
def test_73_help_that_cannot_be_written(words):
    with open("/dev/full", "w") as full:
        process = entrykit(*words, environ={}, capture_output=False, stdout=full,
                           stderr=subprocess.PIPE)  # fmt: skip

    assert process.returncode == 73
    assert "standard output: No space left on device" in process.stderr


def test_127_an_empty_name_is_quoted(environ):
    process = entrykit("haproxy", "", environ=environ)

    assert process.returncode == 127
    assert process.stderr == "entrykit: error: '': no such program in PATH\n"


def test_73_a_file_of_somebody_else_is_in_the_way(environ):
    """Unless it may be overwritten; ENTRYKIT_OVERWRITE is a variable as any other."""
    folder = Path(environ["CONFIG_DIR"])
    folder.mkdir()
    (folder / "haproxy.cfg").write_text("global\n")

    process = entrykit("haproxy", environ=environ)
    assert process.returncode == 73
    assert "TIP: move it away, or set ENTRYKIT_OVERWRITE=1 to have it replaced" in process.stderr
    assert (folder / "haproxy.cfg").read_text() == "global\n"

    process = entrykit("haproxy", environ=environ | {"ENTRYKIT_OVERWRITE": "1"})
    assert process.returncode == 0
    assert (folder / "haproxy.cfg").read_text().startswith("# Written by entrykit")


@pytest.mark.parametrize("verb", ["haproxy", "render haproxy", "check haproxy", "diff haproxy"])
def test_78_every_bad_variable_is_reported_at_once(environ, verb):
    """In the order of the reference, whatever the verb; and no file is written."""
    bad = {"HTTP_PORT": "0", "BIND": "here", "HTTP3": "maybe", "HEALTH_PORT_FILE": "/absent"}
    given = {name: text for name, text in environ.items() if name != "HEALTH_PORT"}

    process = entrykit(*verb.split(), environ=given | bad | {"DOMAINS": "web"})

    assert process.returncode == 78
    assert process.stdout == ""
    lines = process.stderr.splitlines()
    names = [line.removeprefix("entrykit: error: ").split(":")[0] for line in lines]
    assert names == ["DOMAINS", "HTTP_PORT", "BIND", "HTTP3", "HEALTH_PORT_FILE"]
    assert not Path(environ["CONFIG_DIR"]).exists()


def test_0_for_a_start_that_has_nothing_to_change(environ):
    """Twice the same variables: the second start says so and touches nothing."""
    assert entrykit("haproxy", environ=environ).returncode == 0
    before = contents(environ)

    process = entrykit("haproxy", environ=environ)

    assert process.returncode == 0
    assert process.stderr == f"entrykit: haproxy: nothing changed in {environ['CONFIG_DIR']}\n"
    assert contents(environ) == before
