"""The command line: commands, help, verbosity and output."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from programs import ENTRYKIT, entrykit

import entrykit as package
from entrykit.cli.main import main
from entrykit.discovery.finder import load_role, role_names
from entrykit.verb_table import VERBS

SITE = {"DOMAINS": "web:example.com"}
RENDER = ["render", "haproxy"]


def run(*words, environ=SITE):
    """Run the command line in this process: an exit code, also where argparse ends it."""
    try:
        return main(["entrykit", *words], environ)
    except SystemExit as end:
        return end.code


def test_the_version_is_that_of_the_package(capsys):
    assert run("--version") == 0
    assert capsys.readouterr().out == f"entrykit {package.__version__}\n"


@pytest.mark.parametrize("words", [[], *([verb] for verb in VERBS)], ids=str)
def test_every_command_has_its_help(capsys, words):
    assert run(*words, "--help") == 0

    said = capsys.readouterr()
    assert said.out.startswith(f"usage: {' '.join(['entrykit', *words])}")
    assert "--verbose" in said.out
    assert said.err == ""


def test_the_help_names_every_command_with_its_summary(capsys):
    run("--help")

    out = capsys.readouterr().out
    width = max(map(len, VERBS))
    assert [
        verb for verb, summary in VERBS.items() if f"  {verb:{width}}  {summary}\n" not in out
    ] == []


def test_roles_lists_every_role_with_its_summary(capsys):
    assert run("roles") == 0

    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert rows == [[name, load_role(name).summary] for name in role_names()]
    assert "haproxy" in role_names()


WARNED = SITE | {"DOMIANS": "x"}
WARNING = "entrykit: warning: DOMIANS: no such variable; did you mean DOMAINS?\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([*RENDER], WARNING),
        (["-v", *RENDER], WARNING),
        (["-q", *RENDER], WARNING),
        (["-qq", *RENDER], ""),
        (["render", "-q", "haproxy", "-q"], ""),
        (["-q", "render", "--quiet", "haproxy"], ""),
        (["-qqqqq", *RENDER], ""),
        (["-qq", "render", "-v", "haproxy"], WARNING),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_quiet_and_verbose_add_up_on_either_side_of_the_verb(capsys, words, said):
    assert run(*words, environ=WARNED) == 0
    assert capsys.readouterr().err == said


def test_an_error_is_reported_however_quiet_it_is_to_be(capsys):
    assert run("-qqqq", *RENDER, environ={}) == 78
    assert capsys.readouterr().err.startswith("entrykit: error: DOMAINS: not set")


def test_files_go_to_stdout_and_messages_to_stderr(capsys):
    run(*RENDER, environ=WARNED)

    said = capsys.readouterr()
    assert said.err == WARNING
    assert said.out.startswith("==> ")
    assert "DOMIANS" not in said.out


def test_the_words_after_a_role_are_its_command_and_not_ours(tmp_path):
    """Also where they look like our own options."""
    environ = SITE | {"PATH": "/usr/bin:/bin", "CONFIG_DIR": str(tmp_path)}

    process = entrykit("-q", "haproxy", "echo", "--help", "-q", "--", "-v", environ=environ)

    assert process.stdout == "--help -q -- -v\n"


# What becomes of the output

OUTPUTS = [RENDER, ["env", "haproxy"], ["roles"], ["--help"], ["diff", "haproxy"], ["--version"]]


@pytest.fixture
def environ(tmp_path):
    return SITE | {"PATH": "/usr/bin:/bin", "CONFIG_DIR": str(tmp_path)}


@pytest.mark.parametrize("words", OUTPUTS, ids=" ".join)
def test_a_reader_that_goes_away_is_not_an_error(environ, words):
    """As `| head -1`: nothing on stderr; the code is that of a death by SIGPIPE, or diff's own."""
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as stdout:
        process = entrykit(*words, environ=environ, capture_output=False,
                           stdout=stdout, stderr=subprocess.PIPE)  # fmt: skip

    assert (process.returncode, process.stderr) == (141 if words[0] != "diff" else 1, "")


@pytest.mark.parametrize("words", OUTPUTS, ids=" ".join)
def test_a_stdout_that_is_closed_is_not_an_error(environ, words):
    argv = ["sh", "-c", 'exec "$@" >&-', "sh", ENTRYKIT, *words]

    process = subprocess.run(argv, env=environ, stderr=subprocess.PIPE, check=False)

    assert (process.returncode, process.stderr) == (0 if words[0] != "diff" else 1, b"")


def test_a_start_needs_no_standard_stream(environ, tmp_path):
    """Nobody may read what it says: that does not decide whether the daemon starts."""
    more = {"ENTRYKIT_CHECK": "off", "ENTRYKIT_UPSTREAM": "/bin/touch"}
    argv = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", ENTRYKIT, "haproxy", "--", tmp_path / "x"]

    assert subprocess.run(argv, env=environ | more, check=False).returncode == 0
    assert (tmp_path / "x").exists()


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_start_survives_a_log_that_is_full(environ, stream):
    more = {"ENTRYKIT_CHECK": "off", "ENTRYKIT_UPSTREAM": "/bin/true"}
    with open("/dev/full", "w") as full:
        process = entrykit(
            "haproxy", environ=environ | more, capture_output=False, **{stream: full}
        )

    assert process.returncode == 0


@pytest.mark.parametrize("words", [["no-such-role"], ["render", "haproxy", "--help"]], ids=" ".join)
def test_messages_that_nobody_can_read_do_not_change_the_exit_code(environ, words):
    """CPython itself would write them once more at its end, and end with 120."""
    with open("/dev/full", "w") as full:
        streams = {"stdout": full, "stderr": full}
        process = entrykit(*words, environ=environ, capture_output=False, **streams)

    assert process.returncode == (73 if "--help" in words else 64)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16"])
def test_output_is_utf_8_in_any_locale(environ, encoding):
    more = {"STATS_PORT": "8405", "STATS_PASSWORD": "x", "STATS_USER": "ü→🙂"}

    process = entrykit(*RENDER, environ=environ | more | {"PYTHONIOENCODING": encoding}, text=False)

    assert process.returncode == 0, process.stderr
    assert "user 'ü→🙂' insecure-password".encode() in process.stdout


def test_the_module_can_be_run_as_the_program(environ):
    argv = [sys.executable, "-m", "entrykit", "--version"]

    assert (
        subprocess.check_output(argv, env=environ) == f"entrykit {package.__version__}\n".encode()
    )


def test_the_environment_of_the_process_is_the_default(environ):
    process = entrykit("render", "haproxy", environ=environ | {"HTTP_PORT": "8081"})

    assert "bind 0.0.0.0:8081\n" in process.stdout


def test_the_environment_of_this_process_is_left_as_it_is():
    """A command works on a copy: other programs may call `main`."""
    before = dict(os.environ)

    run(*RENDER, "-e", "HTTP_PORT=8081")

    assert dict(os.environ) == before
