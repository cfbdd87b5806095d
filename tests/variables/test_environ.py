"""Where variables come from: the process, files of --env-file, words of -e, NAME_FILE."""

from __future__ import annotations

import os
import string

import pytest

from entrykit import render
from entrykit.cli.main import main
from entrykit.discovery.finder import load_role
from entrykit.display import display
from entrykit.errors import SettingsError, UsageError
from entrykit.variables.env_files import Assignment, overlay, overlay_assignments
from entrykit.variables.reading import peek, read

NAMES = ["DOMAINS", "HTTP_PORT", "HTTPS_PORT", "BIND", "STATS_PASSWORD"]
HAPROXY = [name.upper() for name in load_role("haproxy").settings.model_fields]


@pytest.fixture
def env_file(tmp_path):
    def write(data, name="env"):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return str(path)

    return write


# overlay


def test_what_comes_later_wins(env_file):
    """The process, then each file, then each word."""
    first = env_file("A=first\nB=first\nC=first\nD=first\n", "1")
    second = env_file("B=second\nC=second\n", "2")

    found = overlay({"A": "process", "E": "process"}, [first, second], ["C=word", "C=last"])

    assert found == {"A": "first", "B": "second", "C": "last", "D": "first", "E": "process"}


@pytest.mark.parametrize(("earlier", "later"), [("A", "A_FILE"), ("A_FILE", "A")])
def test_a_variable_and_its_file_are_one_to_what_comes_later(env_file, earlier, later):
    """What is empty takes nothing away, and in one layer both are still a fault."""
    path = env_file(f"{later}=new\n")

    assert overlay({earlier: "old"}, [path], []) == {later: "new"}
    assert overlay({earlier: "old"}, [], [f"{later}=new"]) == {later: "new"}
    assert overlay({}, [path], [f"{earlier}=newest"]) == {earlier: "newest"}
    assert overlay({earlier: "old"}, [], [f"{later}="]) == {earlier: "old", later: ""}
    assert overlay({}, [], ["A=x", "A_FILE=y"]) == {"A": "x", "A_FILE": "y"}


def test_the_same_precedence_holds_on_the_command_line(env_file, capsys):
    environ = {"DOMAINS": "web:example.com", "HTTP_PORT": "81", "HTTPS_PORT": "81"}
    path = env_file("HTTP_PORT=82\nHTTPS_PORT=82\n")

    main(["entrykit", "render", "haproxy", "--env-file", path, "-e", "HTTPS_PORT=83"], environ)

    out = capsys.readouterr().out
    assert "bind 0.0.0.0:82\n" in out
    assert "bind 0.0.0.0:83 ssl" in out


LINES = [
    ("A=b", {"A": "b"}),
    ("A=", {"A": ""}),
    ("A=b=c", {"A": "b=c"}),
    ('A="b c"', {"A": '"b c"'}),
    ("A='b'", {"A": "'b'"}),
    ("A=$HOME ${HOME}", {"A": "$HOME ${HOME}"}),
    ("A=b # c", {"A": "b # c"}),
    ("A=b\\nc\\", {"A": "b\\nc\\"}),
    ("A= b ", {"A": " b "}),
    ("  A=b", {"A": "b"}),
    ("\tA=b", {"A": "b"}),
    ("# A=b", {}),
    ("  # A=b", {}),
    ("", {}),
    ("   ", {}),
    ("HOME", {"HOME": "/root"}),
    ("NOWHERE", {}),
    ("A=é🙂", {"A": "é🙂"}),
    ("a.b-c=d", {"a.b-c": "d"}),
    ("export=b", {"export": "b"}),
]


@pytest.mark.parametrize("ending", ["\n", "\r\n", ""], ids=["LF", "CRLF", "none"])
@pytest.mark.parametrize(("line", "expected"), LINES, ids=[repr(line) for line, _ in LINES])
def test_a_line_of_an_env_file_means_what_it_means_to_docker(env_file, line, expected, ending):
    """No quotes, no expansion; a bare name takes the value of the process."""
    found = overlay({"HOME": "/root"}, [env_file(f"{line}{ending}")], [])

    assert found == {"HOME": "/root"} | expected


def test_a_byte_order_mark_is_no_part_of_the_first_name(env_file):
    assert overlay({}, [env_file(b"\xef\xbb\xbfA=b\r\nC=d\r\n")], []) == {"A": "b", "C": "d"}


def test_only_a_newline_ends_a_line(env_file):
    """Other separators that Python knows are part of the value."""
    odd = "A=\x0b\x0c\x1c\x85\u2028b"

    assert overlay({}, [env_file(f"{odd}\n")], []) == {"A": odd[2:]}


@pytest.mark.parametrize(
    ("line", "name"),
    [("=x", '""'), ("a b=c", '"a b"'), ("export A=b", '"export A"'), ("a b", '"a b"')],
)
def test_every_line_without_a_name_is_said_at_once(env_file, line, name):
    path = env_file(f"A=b\n{line}\n# fine\n{line}\n")

    with pytest.raises(SettingsError) as caught:
        overlay({}, [path], [])

    assert caught.value.messages == tuple(
        f"{path}:{number}: {name} is not a name (expected NAME=value)" for number in (2, 4)
    )


def test_where_a_variable_was_said_can_be_printed_whatever_the_file_is_called(env_file):
    path = env_file("A=b\n", "odd\n")

    assert overlay_assignments({}, [path], [])["A"].place == f"{display(path)}:1"


@pytest.mark.parametrize("line", ["A=a\0b", "A\0B=c"])
def test_a_nul_in_an_env_file_is_said_with_its_line(env_file, line):
    """No program can be given it: a daemon that judges would not start."""
    path = env_file(f"B=c\n{line}\n")

    with pytest.raises(SettingsError, match=rf"{path}:2: .*, which no variable can hold"):
        overlay({}, [path], [])


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("absent", "No such file or directory"),
        (".", "Is a directory"),
        ("binary", "not valid UTF-8"),
    ],
)
def test_an_env_file_that_cannot_be_read_is_a_fault_of_the_command_line(env_file, name, reason):
    path = os.path.join(os.path.dirname(env_file(b"A=\xff\n", "binary")), name)

    with pytest.raises(UsageError) as caught:
        overlay({}, [path], [])

    assert str(caught.value) == f'--env-file "{path}": {reason}'


@pytest.mark.parametrize(
    ("word", "expected"),
    [("A=b", {"A": "b"}), ("A=", {"A": ""}), ("A= b=c ", {"A": " b=c "}), ("B", {"B": "process"}),
     ("NOWHERE", {}), ("A=b\nc", {"A": "b\nc"})],
)  # fmt: skip
def test_a_word_of_e_means_what_it_means_to_docker(word, expected):
    assert overlay({"B": "process"}, [], [word]) == {"B": "process"} | expected


@pytest.mark.parametrize("word", ["=x", "", "="])
def test_a_word_without_a_name_is_a_fault_of_the_command_line(word):
    with pytest.raises(UsageError, match="no name before the ="):
        overlay({}, [], [word])


def test_where_a_variable_was_said_last_is_known(env_file):
    """The process, a line of a file, a word; a bare NAME is the process's, by whoever named it."""
    path = env_file("# a comment\nB=file\nC\nD_FILE=/d\n")
    environ = {"A": "process", "B": "process", "C": "process", "D": "process", "E": "process"}

    found = overlay_assignments(environ, [path], ["A=word", "E"])

    assert found == {
        "A": Assignment("word", "-e"),
        "B": Assignment("file", f"{path}:2"),
        "C": Assignment("process", f"environment, by {path}:3"),
        "D_FILE": Assignment("/d", f"{path}:4"),
        "E": Assignment("process", "environment, by -e"),
    }


# NAME alone, before the others are judged


@pytest.mark.parametrize(
    ("content", "text"), [("json\n", "json"), ("", None), (b"\xff", None)], ids=repr
)
def test_a_peek_reads_a_file_and_says_nothing_of_its_faults(env_file, content, text):
    assert peek({"A_FILE": env_file(content)}, "A") == text


def test_a_peek_takes_nothing_away_that_is_read_once_only(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    assert peek({"A_FILE": str(tmp_path / "pipe")}, "A") is None


def test_what_is_no_text_is_a_fault_and_not_shown():
    """As a program may have it: {"HTTP_PORT": 81}."""
    with pytest.raises(SettingsError) as caught:
        render("haproxy", {"HTTP_PORT": 81, "STATS_PASSWORD": b"hunter2", "DOMAINS": "a:b.c"})

    assert caught.value.messages == (
        "HTTP_PORT: the value is of type int (expected text)",
        "STATS_PASSWORD: the value is of type bytes (expected text)",
    )


# NAME and NAME_FILE


@pytest.mark.parametrize(
    ("content", "value"),
    [("a", "a"), ("a\n", "a"), ("a\n\n", "a\n"), ("\na", "\na"), ("a\r\n", "a\r"), (" a ", " a "),
     ("a\nb\n", "a\nb"), ("é🙂\n", "é🙂"), ("\ufeffa", "a"),
     ("a\ufeff", "a\ufeff")],
    ids=repr,
)  # fmt: skip
def test_a_file_is_read_but_for_one_newline_at_its_end(env_file, content, value):
    """And for a byte order mark at its begin, with which some editors save."""
    reading = read({"STATS_PASSWORD_FILE": env_file(content)}, NAMES)

    assert (reading.values, reading.errors) == ({"STATS_PASSWORD": value}, {})


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "No such file or directory"), (b"\xff", "not valid UTF-8")],
    ids=repr,
)  # fmt: skip
def test_a_file_without_a_value_is_a_fault(tmp_path, env_file, content, reason):
    path = str(tmp_path / "absent") if content is None else env_file(content)

    reading = read({"HTTP_PORT_FILE": path}, NAMES)

    assert reading.values == {}
    assert reading.errors == {"HTTP_PORT": f'HTTP_PORT_FILE: "{path}": {reason}'}


@pytest.mark.parametrize("content", ["", "\n"])
def test_an_empty_file_is_unset(env_file, content):
    path = env_file(content)

    reading = read({"HTTP_PORT_FILE": path}, NAMES)

    assert (reading.values, reading.errors) == ({}, {})
    assert reading.empty == {"HTTP_PORT": f'HTTP_PORT_FILE: "{path}": the file is empty'}


def test_an_empty_file_of_what_is_required_is_said(run, env_file):
    path = env_file("")

    code, _, said = run("render", environ={"DOMAINS_FILE": path, "HTTP_PORT_FILE": path})

    line = f'entrykit: error: DOMAINS_FILE: "{path}": the file is empty\n'
    assert (code, said) == (78, line)


def test_an_empty_file_of_a_secret_is_a_fault(run, env_file):
    """Without a password a daemon may let everybody in; raw lines may well be none."""
    path = env_file("\n")
    environ = {"DOMAINS": "web:example.com", "HAPROXY_EXTRA_GLOBAL_FILE": path}

    assert run("render", environ=environ)[0] == 0
    code, _, said = run("render", environ={**environ, "STATS_PASSWORD_FILE": path})

    assert (code, said) == (
        78,
        f'entrykit: error: STATS_PASSWORD_FILE: "{path}": the file is empty\n',
    )


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("CERTS_DIR", "hush", "holds no path (expected CERTS_DIR to name the file itself)"),
        ("HTTP_PORT", "hush", "what it holds: not a port (expected 1 to 65535)"),
        ("HTTP3", "hush", "what it holds is not a boolean (use "),
        ("TLS_PROFILE", "hush", "what it holds: no such choice (expected "),
        ("STATS_USER", "me\nhush", "what it holds: has a control character or more than one line"),
    ],
)
def test_what_a_file_holds_is_not_quoted(run, env_file, name, content, told):
    """It may be the wrong file, with a key or a password in it."""
    path = env_file(content)

    code, _, said = run("render", environ={"DOMAINS": "web:example.com", f"{name}_FILE": path})

    assert code == 78
    assert said.startswith(f'entrykit: error: {name}_FILE: "{path}": {told}')
    assert "hush" not in said


def test_a_variable_and_its_file_at_once_are_a_fault(env_file):
    reading = read({"HTTP_PORT": "80", "HTTP_PORT_FILE": env_file("81")}, NAMES)

    said = "HTTP_PORT: set, and HTTP_PORT_FILE as well (expected one of the two)"
    assert reading.errors == {"HTTP_PORT": said}


@pytest.mark.parametrize("name", NAMES)
def test_empty_is_unset(env_file, name):
    """Also the name of a file, and one of the two where the other is set."""
    path = env_file("file")

    assert read({name: "", f"{name}_FILE": ""}, NAMES).values == {}
    assert read({name: "value", f"{name}_FILE": ""}, NAMES).values == {name: "value"}
    assert read({name: "", f"{name}_FILE": path}, NAMES).values == {name: "file"}


def test_bytes_that_are_not_utf_8_are_a_fault_and_not_shown():
    """They arrive as lone surrogates."""
    reading = read({"STATS_PASSWORD": "a\udcffb"}, NAMES)

    assert reading.errors == {"STATS_PASSWORD": "STATS_PASSWORD: not valid UTF-8"}


# what a person sees


def test_every_fault_and_every_warning_comes_in_one_run(capsys):
    """Faults in the order of the reference, warnings before them."""
    environ = {
        "DOMAINS": "web", "HTTP_PORT": "x", "BIND": "1.2.3", "TLS_PROFILE": "old",
        "STATS_PASSWORD_FILE": "/absent", "TIMEOUT_CLIENT": "5", "HTTP_PROT": "1",
        "HTTPS_PORT": "tcp://10.0.0.1:443",
    }  # fmt: skip

    assert main(["entrykit", "render", "haproxy"], environ) == 78

    lines = capsys.readouterr().err.splitlines()
    heads = [line.removeprefix("entrykit: ").split(": ")[:2] for line in lines]
    assert heads == [
        ["warning", "HTTPS_PORT"], ["warning", "HTTP_PROT"],
        ["error", "DOMAINS"], ["error", "HTTP_PORT"], ["error", "BIND"],
        ["error", "TLS_PROFILE"], ["error", "TIMEOUT_CLIENT"], ["error", "STATS_PASSWORD_FILE"],
    ]  # fmt: skip


HOSTILE = "\x1b[31m\n\r\0\t\x7f\u202e\ud800\"'\\" + string.printable * 3


@pytest.mark.parametrize("name", sorted(set(HAPROXY) - {"HAPROXY_EXTRA_GLOBAL"}))
def test_a_hostile_value_harms_no_terminal(capsys, name):
    """Whatever a variable holds is shown on one line, escaped and cut; a secret not at all."""
    environ = {"DOMAINS": "web:example.com", "STATS_PORT": "8405"} | {name: HOSTILE}

    main(["entrykit", "render", "haproxy"], environ)

    lines = capsys.readouterr().err.split("\n")[:-1]
    assert [line for line in lines if not line.startswith("entrykit: ")] == []
    assert [line for line in lines if not line.isprintable()] == []
    assert [line for line in lines if len(line) > 300] == []


def test_the_file_of_a_variable_is_read_once():
    """A pipe, as `-e X_FILE=<(command)` makes one, has nothing more for who asks again."""
    model = load_role("haproxy").settings
    ours, theirs = os.pipe()
    os.write(theirs, b"web:example.com\n")
    os.close(theirs)

    try:
        reading = model.reading({"DOMAINS_FILE": f"/dev/fd/{ours}"})
    finally:
        os.close(ours)

    assert reading.values == {"DOMAINS": "web:example.com"}
    assert [app.name for app in model.from_reading(reading).domains] == ["web"]
