"""What entrykit says: a line each, coloured in a terminal only, or one JSON object a line."""

from __future__ import annotations

import json
import os
import pty
import re
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from programs import ENTRYKIT, Running, edge_environ, entrykit

from entrykit.log import LEVELS, Log, make_log

BAD = ["render", "haproxy", "--no-env", "-e", "HTTP_PORT=x", "-e", "DOMIANS=x"]
EXAMPLE = "web:example.com,www.example.com api:9000:api.example.com"
LINES = [
    ("warning", "DOMIANS: no such variable; did you mean DOMAINS?"),
    ("error", f"DOMAINS: not set (expected e.g. {EXAMPLE})"),
    ("error", 'HTTP_PORT: "x": not a port (expected 1 to 65535)'),
]
PLAIN = "".join(f"entrykit: {level}: {text}\n" for level, text in LINES)


def in_terminal(environ, tmp_path):
    """Run the program with standard error in a terminal; return what it shows."""
    master, slave = pty.openpty()
    with Running([ENTRYKIT, *BAD], environ, tmp_path / "log", stderr=slave) as running:
        os.close(slave)
        running.ended()
    shown = os.read(master, 65536).decode()
    os.close(master)
    return shown.replace("\r\n", "\n")


def test_without_a_terminal_there_is_no_colour():
    assert entrykit(*BAD, environ={"TERM": "xterm-256color"}).stderr == PLAIN


def test_in_a_terminal_each_line_is_coloured_by_its_level(tmp_path):
    shown = in_terminal({}, tmp_path)

    colours = {"warning": "\x1b[33m", "error": "\x1b[31m"}
    assert shown == "".join(
        f"{colours[level]}entrykit: {level}: {text}\x1b[0m\n" for level, text in LINES
    )


@pytest.mark.parametrize("value", ["1", "0", "no"])
def test_no_color_is_kept_whatever_its_value(tmp_path, value):
    assert in_terminal({"NO_COLOR": value}, tmp_path) == PLAIN


def test_a_dumb_terminal_gets_no_colours(tmp_path):
    assert in_terminal({"TERM": "dumb"}, tmp_path) == PLAIN


def test_an_empty_no_color_is_not_set(tmp_path):
    """As no-color.org has it."""
    assert "\x1b[33m" in in_terminal({"NO_COLOR": ""}, tmp_path)


def test_json_is_never_coloured(tmp_path):
    assert "\x1b" not in in_terminal({"ENTRYKIT_LOG_FORMAT": "json"}, tmp_path)


def test_json_is_one_object_a_line_for_each_message():
    """With the time, the level, the program and the message; each error is a message."""
    said = entrykit(*BAD, environ={"ENTRYKIT_LOG_FORMAT": "json"}).stderr

    objects = [json.loads(line) for line in said.splitlines()]
    assert [(each["level"], each["message"]) for each in objects] == [*LINES]
    assert {each["program"] for each in objects} == {"entrykit"}
    now = datetime.now(UTC)
    times = [datetime.strptime(each["time"], "%Y-%m-%dT%H:%M:%S%z") for each in objects]
    assert all(now - timedelta(minutes=1) < time <= now for time in times)


JSON = "ENTRYKIT_LOG_FORMAT=json"
# What fails, and which of its words name the format.
FAILS = {
    "-e": (["render", "haproxy", "-e", JSON], 78),
    "-e of one word": (["diff", "haproxy", f"-e{JSON}"], 78),
    "--env-file": (["check", "haproxy", "--env-file", "env"], 78),
    "-e and no file": (["check", "haproxy", "-e", JSON, "--env-file", "absent"], 64),
    "-e and a bad option": (["check", "haproxy", "-e", JSON, "--loud"], 64),
    "-e and no role": (["check", "-e", JSON], 64),
}


@pytest.mark.parametrize(("words", "code"), FAILS.values(), ids=FAILS)
def test_json_holds_from_wherever_it_is_told(tmp_path, words, code):
    (tmp_path / "env").write_text(f"{JSON}\n")

    said = entrykit(*words, environ={}, cwd=tmp_path)

    assert said.returncode == code
    assert [json.loads(line)["level"] for line in said.stderr.splitlines()] == ["error"]


@pytest.mark.parametrize("words", [["haproxy"], ["render", "haproxy"], ["nosuch"], ["--loud"]])
def test_json_holds_from_a_file(tmp_path, words):
    (tmp_path / "format").write_text("json\n")

    said = entrykit(*words, environ={"ENTRYKIT_LOG_FORMAT_FILE": str(tmp_path / "format")})

    assert said.returncode in {64, 78}
    assert [json.loads(line)["level"] for line in said.stderr.splitlines()] == ["error"]


@pytest.mark.parametrize("words", [["haproxy", "true"], ["env", "haproxy"], ["roles"]])
def test_an_unknown_format_is_warned_of_where_no_settings_are_read(words):
    said = entrykit(*words, environ={"ENTRYKIT_LOG_FORMAT": "xml", "PATH": "/usr/bin:/bin"})

    reason = 'ENTRYKIT_LOG_FORMAT: "xml": no such choice (expected text or json)'
    assert (said.returncode, said.stderr) == (0, f"entrykit: warning: {reason}\n")


@pytest.mark.versions
def test_every_message_of_a_start_is_json_until_the_daemon_speaks(tmp_path, search_path):
    """What was done, what the daemon said while it checked, and its refusal."""
    environ = edge_environ(tmp_path / "config", search_path)
    environ |= {"ENTRYKIT_LOG_FORMAT": "json", "ENTRYKIT_UPSTREAM": "/bin/true"}

    good = entrykit("-v", "haproxy", environ=environ)
    bad = entrykit("haproxy", environ=environ | {"HAPROXY_EXTRA_GLOBAL": "garbage"})

    levels = [json.loads(line)["level"] for line in good.stderr.splitlines()]
    assert levels[-1] == "info"
    assert "debug" in levels
    (refusal,) = bad.stderr.splitlines()
    assert json.loads(refusal)["message"].startswith("haproxy refused the configuration")
    assert "\n  | " in json.loads(refusal)["message"]


@pytest.mark.parametrize("value", ["json", "text", ""])
def test_the_format_is_a_variable_that_is_judged_as_any_other(value):
    said = entrykit("render", "haproxy", environ={"ENTRYKIT_LOG_FORMAT": value, "DOMAINS": "a:b.c"})

    assert (said.returncode, said.stderr) == (0, "")


def test_an_unknown_format_is_said_in_text():
    said = entrykit("render", "haproxy", environ={"ENTRYKIT_LOG_FORMAT": "xml", "DOMAINS": "a:b.c"})

    assert said.returncode == 78
    assert said.stderr.startswith('entrykit: error: ENTRYKIT_LOG_FORMAT: "xml": ')


@pytest.mark.parametrize("style", ["text", "json"])
@pytest.mark.parametrize("least", range(-2, 4))
def test_levels_below_the_least_are_not_said(style, least):
    """By default all but the debug level."""
    stream = StringIO()
    log = Log(stream, style=style)
    log.adjust_level(least)

    for level in LEVELS:
        getattr(log, level)(level)

    said = re.findall(r"(\w+)\W*$", stream.getvalue(), re.MULTILINE)
    assert said == list(LEVELS[: min(3 + least, 4)])


@pytest.mark.parametrize("text", ["a\nb", "a\nb\n", "a\r\nb"])
def test_every_line_of_a_message_says_who_speaks(text):
    stream = StringIO()

    make_log({}, stream).warning(text)

    assert stream.getvalue() == "entrykit: warning: a\nentrykit: warning: b\n"
