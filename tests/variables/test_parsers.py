"""Each kind of value: what it takes, what it makes of that, and what it says otherwise."""

from __future__ import annotations

import re

import pytest

from entrykit.display import MAX_LENGTH, display
from entrykit.errors import InvalidValue
from entrykit.variables import parsers
from entrykit.variables.network import port
from entrykit.variables.quantities import (
    DurationForm,
    integer_pattern,
    milliseconds,
    parse_duration,
    parse_integer,
)
from entrykit.variables.secret import MASK, Secret, Snippet

A_SOCKET = "/run/" + "s" * 92  # of 97 bytes


def named(value):
    """An id that is the same in every process: a function's repr has its address."""
    return getattr(value, "__name__", None) or repr(value)[:40]


def count(text):
    return parse_integer(text, 1, 999_999_999)


def seconds(text):
    return parse_integer(text, 0, 9_999_999_999, "a whole number of seconds")


GOOD = [
    (port, "1", 1),
    (port, "80", 80),
    (port, "65535", 65535),
    (parsers.parse_switch, "on", True),
    (parsers.parse_switch, "ON", True),
    (parsers.parse_switch, "True", True),
    (parsers.parse_switch, "yes", True),
    (parsers.parse_switch, "1", True),
    (parsers.parse_switch, "off", False),
    (parsers.parse_switch, "FALSE", False),
    (parsers.parse_switch, "no", False),
    (parsers.parse_switch, "0", False),
    (count, "1", 1),
    (count, "999999999", 999_999_999),
    (seconds, "0", 0),
    (seconds, "63072000", 63_072_000),
    (parse_duration, "500ms", "500ms"),
    (parse_duration, "30s", "30s"),
    (parse_duration, "5m", "5m"),
    (parse_duration, "1h", "1h"),
    (parse_duration, "24d", "24d"),
    (parse_duration, "2147483647ms", "2147483647ms"),
    (parsers.parse_line, "", ""),
    (parsers.parse_line, " a 'b' \"c\" $d \\ # é🙂 ", " a 'b' \"c\" $d \\ # é🙂 "),
    (parsers.parse_secret, "hunter2 $\\'\"#", Secret("hunter2 $\\'\"#")),
    (parsers.parse_snippet, "\n\n  a\n\tb # c\n\n", "  a\n\tb # c"),
    (parsers.parse_snippet, "", ""),
    (parsers.parse_folder, "/", "/"),
    (parsers.parse_folder, "///", "/"),
    (parsers.parse_folder, "/a/b", "/a/b"),
    (parsers.parse_folder, "/a/b//", "/a/b"),
    (parsers.parse_folder, "/a b/é", "/a b/é"),
    (parsers.parse_socket_path, "/run/x.sock", "/run/x.sock"),
    (parsers.parse_socket_path, A_SOCKET, A_SOCKET),
    (parsers.parse_host_port, "certbot:8080", "certbot:8080"),
    (parsers.parse_host_port, "a_b.c-d.example:1", "a_b.c-d.example:1"),
    (parsers.parse_host_port, "10.0.0.1:65535", "10.0.0.1:65535"),
    (parsers.parse_host_port, "[2001:db8::1]:80", "[2001:db8::1]:80"),
    (parsers.parse_addresses, "10.0.0.1", ("10.0.0.1",)),
    (parsers.parse_addresses, " 10.0.0.1 , ::1 ", ("10.0.0.1", "::1")),
    (parsers.parse_addresses, "[::1],[2001:DB8:0::1]", ("::1", "2001:db8::1")),
    (parsers.parse_addresses, '["10.0.0.1", "::1"]', ("10.0.0.1", "::1")),
    (parsers.parse_addresses, "::1,0:0::1,::1", ("::1",)),
    (parsers.parse_networks, "10.0.0.0/8", ("10.0.0.0/8",)),
    (parsers.parse_networks, "10.0.0.1,2001:DB8::/32", ("10.0.0.1/32", "2001:db8::/32")),
    (parsers.parse_networks, '["10.0.0.0/255.0.0.0"]', ("10.0.0.0/8",)),
    (parsers.parse_networks, "[]", ()),
    (parsers.split_list, "a,b , c", ["a", "b", "c"]),
    (parsers.split_list, ' ["a", "b,c"] ', ["a", "b,c"]),
    (parsers.split_list, "", [""]),
]  # fmt: skip


@pytest.mark.parametrize(("parse", "text", "value"), GOOD, ids=named)
def test_a_good_text_becomes_its_value(parse, text, value):
    assert parse(text) == value
    assert type(parse(text)) is type(value) or isinstance(parse(text), Snippet)


NOT_A_PORT = "not a port (expected 1 to 65535)"
NOT_A_COUNT = "not a whole number (expected 1 to 999999999)"
NOT_SECONDS = "not a whole number of seconds (expected 0 to 9999999999)"
NOT_A_TIME = "not a duration (expected a number and ms, s, m, h or d, e.g. 30s)"
NOT_A_LINE = "has a control character or more than one line"
NOT_A_PATH = "not an absolute path (expected /a/path)"
NO_PORT = "no port (expected name:port)"
NOT_A_HOST = "not a host and a port (expected name:port)"
NOT_AN_ADDRESS = "not an IP address (expected 192.0.2.1 or 2001:db8::1)"
NOT_A_NETWORK = "not a network (expected 10.0.0.0/8 or 2001:db8::/32)"

BAD = [
    (port, ["0", "00", "080", "65536", "100000", "-1", "+1", "1.0", "8e1", " 80", "80 ", "80\n",
            "", "٨٠", "0x50", "http", "1_0"], NOT_A_PORT),
    (count, ["0", "-1", "01", "1000000000", "", "1.5", "1k", "٣", "1 "], NOT_A_COUNT),
    (seconds, ["-1", "00", "10000000000", "", "1s", "1.5", "never"], NOT_SECONDS),
    (parse_duration, ["0", "0s", "05s", "5 s", "s", "5S", "5us", "5sec", "1h30m", "-5s", "5s\n",
                      "1.5s", "٣s"], NOT_A_TIME),
    (parse_duration, ["25d", "2147483648ms", "597h", "9999999999d"],
     "too long (expected at most 24d)"),
    (parsers.parse_line, ["a\nb", "\n", "a\r", "\t", "\0", "\x1b[31m", "\x7f"], NOT_A_LINE),
    (parsers.parse_folder, ["", "a", "./a", "~", "~/a", " /a"], NOT_A_PATH),
    (parsers.parse_folder, ["/a\n", "/a\0b", "\t/a"], NOT_A_LINE),
    (parsers.parse_socket_path, ["", "x.sock"], NOT_A_PATH),
    (parsers.parse_socket_path, ["/a\n"], NOT_A_LINE),
    (parsers.parse_socket_path, ["/", "/run/", "/run/x.sock//"],
     "names a directory (expected e.g. /run/haproxy/admin.sock)"),
    (parsers.parse_socket_path, [A_SOCKET + "x", "/run/" + "é" * 47],
     "too long for a socket (expected at most 97 bytes)"),
    (parsers.parse_host_port, ["certbot", "", "10.0.0.1"], NO_PORT),
    (parsers.parse_host_port, [":80", "a b:80", "http://certbot:80", "[::1:80", "::1]:80", "::1:80",
                       "[certbot]:80", "1.2.3:80", "certbot\n:80", "[fe80::1%eth0]:80"],
     NOT_A_HOST),
    (parsers.parse_addresses, ["", "localhost", "10.0.0", "10.0.0.256", "10.0.0.0/8", "::g", "[::1",
                       "::1]", "fe80::1%eth0", "010.0.0.1", "*"], NOT_AN_ADDRESS),
    (parsers.parse_networks, ["", "10.0.0.0/33", "net", "10.0.0.0/", "::/129", "fe80::%eth0/64"],
     NOT_A_NETWORK),
    (parsers.parse_networks, ["10.0.0.1/8"], "has host bits set (expected 10.0.0.0/8)"),
    (parsers.parse_networks, ["2001:db8::1/32"], "has host bits set (expected 2001:db8::/32)"),
    (parsers.split_list, ['["a"', '["a",]', '[""] x', '["' + '["' * 100000],
     'not a JSON list (expected ["a", "b"])'),
    (parsers.split_list, ['["a", 1]', '["a", null]', '["a", ["b"]]'],
     'not a list of strings (expected ["a", "b"])'),
]  # fmt: skip
ROWS = [(parse, text, message) for parse, texts, message in BAD for text in texts]


@pytest.mark.parametrize(("parse", "text", "message"), ROWS, ids=named)
def test_a_bad_text_is_shown_with_what_would_be_right(parse, text, message):
    with pytest.raises(InvalidValue) as caught:
        parse(text)

    assert caught.value.messages == (f"{display(text)}: {message}",)


@pytest.mark.parametrize("text", ["", "maybe", "2", " on", "on ", "onn", "y", "enabled"])
def test_what_is_not_a_boolean_is_shown_with_all_that_would_be(text):
    with pytest.raises(InvalidValue) as caught:
        parsers.parse_switch(text)

    expected = "use on/off, true/false, yes/no or 1/0"
    assert caught.value.messages == (f"{display(text)} is not a boolean ({expected})",)


@pytest.mark.parametrize("number", ["0", "65536", "http", ""])
def test_the_port_of_a_host_is_judged_as_a_port(number):
    with pytest.raises(InvalidValue) as caught:
        parsers.parse_host_port(f"certbot:{number}")

    assert caught.value.messages == (f"{display(number)}: {NOT_A_PORT}",)


@pytest.mark.parametrize(
    ("parse", "message"),
    [(parsers.parse_addresses, NOT_AN_ADDRESS), (parsers.parse_networks, NOT_A_NETWORK)],
)
def test_every_bad_item_of_a_list_is_said(parse, message):
    with pytest.raises(InvalidValue) as caught:
        parse("x,10.0.0.1,,y")

    assert caught.value.messages == tuple(f'"{item}": {message}' for item in ("x", "", "y"))


@pytest.mark.parametrize("text", ["hunter2\n", "a\0b", "\x1b", "\x7f"])
def test_a_bad_secret_is_not_shown(text):
    with pytest.raises(InvalidValue) as caught:
        parsers.parse_secret(text)

    said = "the secret has a control character or more than one line"
    assert caught.value.messages == (said,)


@pytest.mark.parametrize("text", ["a\r\nb", "a\0"])
def test_a_bad_snippet_is_not_shown(text):
    """It may hold a password as well as anything else."""
    with pytest.raises(InvalidValue) as caught:
        parsers.parse_snippet(text)

    said = "has a NUL or a carriage return (expected lines of the daemon's own syntax)"
    assert caught.value.messages == (said,)


# durations


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("1h30m", DurationForm()),
        ("1.5s", DurationForm()),
        ("500us", DurationForm()),
        ("1d", DurationForm(units=("s", "m"))),
    ],
)
def test_a_duration_has_the_form_and_the_units_that_the_daemon_reads(text, form):
    with pytest.raises(InvalidValue, match=r"not a duration \(expected a number and "):
        parse_duration(text, form)

    every = DurationForm(units=("us", "s", "m", "h", "d"), compound=True)
    assert parse_duration(text, every) == text


def test_a_bare_number_is_refused_with_its_unit_for_an_example():
    with pytest.raises(InvalidValue, match=r"ms, s, m, h or d, e\.g\. 90s\)"):
        parse_duration("90")


@pytest.mark.parametrize("text", ["0", "90", "0s", "1h"])
def test_a_form_may_have_bare_numbers_and_zero(text):
    assert parse_duration(text, DurationForm(bare="s", zero=True)) == text


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("0s", 0),
        ("500ms", 500),
        ("1h30m", 5_400_000),
        ("1.5s", 1_500),
        ("1us", 0),
        ("2d", 172_800_000),
    ],
)
def test_the_length_of_a_duration_is_counted_in_milliseconds(text, length):
    assert milliseconds(text) == length


# whole numbers


@pytest.mark.parametrize(("least", "most"), [(0, 0), (0, 7), (1, 65535), (25, 1000), (96, 1203)])
def test_the_pattern_of_a_range_matches_its_numbers_and_no_other_text(least, most):
    matches = re.compile(integer_pattern(least, most)).fullmatch
    numbers = {*range(1300), *range(9_900, 10_100), *range(65_000, 66_000), 100_000}

    assert {n for n in numbers if matches(str(n))} == {n for n in numbers if least <= n <= most}
    assert not any(map(matches, ["", "00", "01", "-1", "1.0", " 1", "٣"]))


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
