"""Each kind of value: what it takes, what it makes of that, and what it says otherwise."""

from __future__ import annotations

import pytest

from entrykit.display import MAX_LENGTH, display
from entrykit.errors import InvalidValue
from entrykit.variables import types
from entrykit.variables.network import port
from entrykit.variables.secret import MASK, Secret, Snippet

A_SOCKET = "/run/" + "s" * 92  # of 97 bytes


def named(value):
    """An id that is the same in every process: a function's repr has its address."""
    return getattr(value, "__name__", None) or repr(value)[:40]


GOOD = [
    (port, "1", 1),
    (port, "80", 80),
    (port, "65535", 65535),
    (types.switch, "on", True),
    (types.switch, "ON", True),
    (types.switch, "True", True),
    (types.switch, "yes", True),
    (types.switch, "1", True),
    (types.switch, "off", False),
    (types.switch, "FALSE", False),
    (types.switch, "no", False),
    (types.switch, "0", False),
    (types.count, "1", 1),
    (types.count, "999999999", 999_999_999),
    (types.seconds, "0", 0),
    (types.seconds, "63072000", 63_072_000),
    (types.duration, "500ms", "500ms"),
    (types.duration, "30s", "30s"),
    (types.duration, "5m", "5m"),
    (types.duration, "1h", "1h"),
    (types.duration, "24d", "24d"),
    (types.duration, "2147483647ms", "2147483647ms"),
    (types.line, "", ""),
    (types.line, " a 'b' \"c\" $d \\ # é🙂 ", " a 'b' \"c\" $d \\ # é🙂 "),
    (types.secret, "hunter2 $\\'\"#", Secret("hunter2 $\\'\"#")),
    (types.snippet, "\n\n  a\n\tb # c\n\n", "  a\n\tb # c"),
    (types.snippet, "", ""),
    (types.folder, "/", "/"),
    (types.folder, "///", "/"),
    (types.folder, "/a/b", "/a/b"),
    (types.folder, "/a/b//", "/a/b"),
    (types.folder, "/a b/é", "/a b/é"),
    (types.socket_path, "/run/x.sock", "/run/x.sock"),
    (types.socket_path, A_SOCKET, A_SOCKET),
    (types.host_port, "certbot:8080", "certbot:8080"),
    (types.host_port, "a_b.c-d.example:1", "a_b.c-d.example:1"),
    (types.host_port, "10.0.0.1:65535", "10.0.0.1:65535"),
    (types.host_port, "[2001:db8::1]:80", "[2001:db8::1]:80"),
    (types.addresses, "10.0.0.1", ("10.0.0.1",)),
    (types.addresses, " 10.0.0.1 , ::1 ", ("10.0.0.1", "::1")),
    (types.addresses, "[::1],[2001:DB8:0::1]", ("::1", "2001:db8::1")),
    (types.addresses, '["10.0.0.1", "::1"]', ("10.0.0.1", "::1")),
    (types.addresses, "::1,0:0::1,::1", ("::1",)),
    (types.networks, "10.0.0.0/8", ("10.0.0.0/8",)),
    (types.networks, "10.0.0.1,2001:DB8::/32", ("10.0.0.1/32", "2001:db8::/32")),
    (types.networks, '["10.0.0.0/255.0.0.0"]', ("10.0.0.0/8",)),
    (types.networks, "[]", ()),
    (types.split_list, "a,b , c", ["a", "b", "c"]),
    (types.split_list, ' ["a", "b,c"] ', ["a", "b,c"]),
    (types.split_list, "", [""]),
]  # fmt: skip


@pytest.mark.parametrize(("parse", "text", "value"), GOOD, ids=named)
def test_a_good_text_becomes_its_value(parse, text, value):
    assert parse(text) == value
    assert type(parse(text)) is type(value) or isinstance(parse(text), Snippet)


NOT_A_PORT = "not a port (expected 1 to 65535)"
NOT_A_SWITCH = "neither on nor off (expected one of them)"
NOT_A_COUNT = "not a whole number (expected 1 to 999999999)"
NOT_SECONDS = "not a whole number of seconds (expected 0 to 9999999999)"
NOT_A_TIME = "not a time (expected a number and ms, s, m, h or d: 30s)"
NOT_A_LINE = "has a control character or more than one line"
NOT_A_PATH = "not an absolute path (expected /a/path)"
NO_PORT = "no port (expected name:port)"
NOT_A_HOST = "not a host and a port (expected name:port)"
NOT_AN_ADDRESS = "not an IP address (expected 192.0.2.1 or 2001:db8::1)"
NOT_A_NETWORK = "not a network (expected 10.0.0.0/8 or 2001:db8::/32)"

BAD = [
    (port, ["0", "00", "080", "65536", "100000", "-1", "+1", "1.0", "8e1", " 80", "80 ", "80\n",
            "", "٨٠", "0x50", "http", "1_0"], NOT_A_PORT),
    (types.switch, ["", "maybe", "2", " on", "on ", "onn", "y", "enabled"], NOT_A_SWITCH),
    (types.count, ["0", "-1", "01", "1000000000", "", "1.5", "1k", "٣", "1 "], NOT_A_COUNT),
    (types.seconds, ["-1", "00", "10000000000", "", "1s", "1.5", "never"], NOT_SECONDS),
    (types.duration, ["5", "0s", "05s", "5 s", "s", "5S", "5us", "5sec", "1h30m", "-5s", "5s\n",
                      "1.5s", "٣s"], NOT_A_TIME),
    (types.duration, ["25d", "2147483648ms", "597h", "9999999999d"],
     "too long (expected at most 24d)"),
    (types.line, ["a\nb", "\n", "a\r", "\t", "\0", "\x1b[31m", "\x7f"], NOT_A_LINE),
    (types.folder, ["", "a", "./a", "~", "~/a", " /a"], NOT_A_PATH),
    (types.folder, ["/a\n", "/a\0b", "\t/a"], NOT_A_LINE),
    (types.socket_path, ["", "x.sock"], NOT_A_PATH),
    (types.socket_path, ["/a\n"], NOT_A_LINE),
    (types.socket_path, ["/", "/run/", "/run/x.sock//"],
     "names a folder (expected /run/haproxy/admin.sock, say)"),
    (types.socket_path, [A_SOCKET + "x", "/run/" + "é" * 47],
     "too long for a socket (expected at most 97 bytes)"),
    (types.host_port, ["certbot", "", "10.0.0.1"], NO_PORT),
    (types.host_port, [":80", "a b:80", "http://certbot:80", "[::1:80", "::1]:80", "::1:80",
                       "[certbot]:80", "1.2.3:80", "certbot\n:80", "[fe80::1%eth0]:80"],
     NOT_A_HOST),
    (types.addresses, ["", "localhost", "10.0.0", "10.0.0.256", "10.0.0.0/8", "::g", "[::1",
                       "::1]", "fe80::1%eth0", "010.0.0.1", "*"], NOT_AN_ADDRESS),
    (types.networks, ["", "10.0.0.0/33", "net", "10.0.0.0/", "::/129", "fe80::%eth0/64"],
     NOT_A_NETWORK),
    (types.networks, ["10.0.0.1/8"], "has host bits set (expected 10.0.0.0/8)"),
    (types.networks, ["2001:db8::1/32"], "has host bits set (expected 2001:db8::/32)"),
    (types.split_list, ['["a"', '["a",]', '[""] x', '["' + '["' * 100000],
     'not a JSON list (expected ["a", "b"])'),
    (types.split_list, ['["a", 1]', '["a", null]', '["a", ["b"]]'],
     'not a list of strings (expected ["a", "b"])'),
]  # fmt: skip
ROWS = [(parse, text, message) for parse, texts, message in BAD for text in texts]


@pytest.mark.parametrize(("parse", "text", "message"), ROWS, ids=named)
def test_a_bad_text_is_shown_with_what_would_be_right(parse, text, message):
    with pytest.raises(InvalidValue) as caught:
        parse(text)

    assert caught.value.messages == (f"{display(text)}: {message}",)


@pytest.mark.parametrize("number", ["0", "65536", "http", ""])
def test_the_port_of_a_host_is_judged_as_a_port(number):
    with pytest.raises(InvalidValue) as caught:
        types.host_port(f"certbot:{number}")

    assert caught.value.messages == (f"{display(number)}: {NOT_A_PORT}",)


@pytest.mark.parametrize(
    ("parse", "message"), [(types.addresses, NOT_AN_ADDRESS), (types.networks, NOT_A_NETWORK)]
)
def test_every_bad_item_of_a_list_is_said(parse, message):
    with pytest.raises(InvalidValue) as caught:
        parse("x,10.0.0.1,,y")

    assert caught.value.messages == tuple(f'"{item}": {message}' for item in ("x", "", "y"))


@pytest.mark.parametrize("text", ["hunter2\n", "a\0b", "\x1b", "\x7f"])
def test_a_bad_secret_is_not_shown(text):
    with pytest.raises(InvalidValue) as caught:
        types.secret(text)

    said = "the secret has a control character or more than one line"
    assert caught.value.messages == (said,)


@pytest.mark.parametrize("text", ["a\r\nb", "a\0"])
def test_a_bad_snippet_is_not_shown(text):
    """It may hold a password as well as anything else."""
    with pytest.raises(InvalidValue) as caught:
        types.snippet(text)

    said = "has a NUL or a carriage return (expected lines of the daemon's own syntax)"
    assert caught.value.messages == (said,)


# secrets


@pytest.mark.parametrize("form", [str, repr, "{}".format, "{!r:>3}".format, "%s".__mod__, ascii])
def test_a_secret_shows_itself_as_a_mask_wherever_it_is_printed(form):
    secret = Secret("hunter2")

    assert form(secret) == MASK
    assert form([secret, {"a": secret}]).count("hunter2") == 0


def test_a_secret_is_equal_to_its_like_and_to_no_text():
    assert Secret("a") == Secret("a")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"


# how values are shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", '""'),
        ("a b", '"a b"'),
        ('a"b', r'"a\"b"'),
        ("a\\b", r'"a\\b"'),
        ("a\nb\r\t", r'"a\nb\r\t"'),
        ("\0\x1b\x7f", r'"\x00\x1b\x7f"'),
        ("\x85\x9b", r'"\x85\x9b"'),
        ("\u2028\u202e\ufeff", r'"\u2028\u202e\ufeff"'),
        ("\udcff", r'"\udcff"'),
        ("é🙂", '"é🙂"'),
        ("\U000e0041", r'"\U000e0041"'),
        ("a" * MAX_LENGTH, f'"{"a" * MAX_LENGTH}"'),
        ("a" * 1_000_000, f'"{"a" * MAX_LENGTH}…"'),
        ("-----BEGIN EC PRIVATE KEY-----\nMHcC", '"-----BEGIN EC PRIVATE KEY-----…"'),
        ("-----BEGIN PRIVATE KEY-----\nMIIE", '"-----BEGIN PRIVATE KEY-----…"'),
        ('{"key": "-----BEGIN PRIVATE KEY-----', r'"{\"key\": \"-----BEGIN PRIVATE KEY-----"'),
        ("LS0tLS1CRUdJTiBFQyBQUklWQVRF", '"LS0tLS1CRUdJTi…"'),
        ("-----BEGIN CERTIFICATE-----\nMIIB", r'"-----BEGIN CERTIFICATE-----\nMIIB"'),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_value_is_shown_on_one_line_that_harms_no_terminal(text, expected):
    assert display(text) == expected
