"""What is quoted means itself and nothing else; the judge is the real HAProxy."""

from __future__ import annotations

import string
import subprocess
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from tempfile import TemporaryDirectory
from urllib.parse import quote

import pytest
from haproxy.polling import eventually
from haproxy.ports import free_port
from hypothesis import example, given, settings
from hypothesis import strategies as st

from entrykit.quoting.base import QuotingError
from entrykit.quoting.haproxy import quote_haproxy, quote_haproxy_map
from entrykit.variables.secret import Secret, Snippet

NASTY = [
    " ", "  two  blanks ", "'", '"', "''", '""', "'\"'", "\\", "\\\\", "\\'", "\\n", "\\x41",
    "$", "$HOME", "${HOME}", "${HOME-x}", '"$HOME"', "$(id)", "`id`", "#", "# comment", "a#b", "%",
    "%[src]", "%%", "%{+Q}", "{", "}", "{ path / }", "if", "unless", "||", "&&", "!", "~", "*", "?",
    "[", "]", "a,b", "(a)", ";", "|", "<", ">", "=", "\t", "\x01\x1b\x7f", "é", "🙂", "\u2028",
    "\xa0", ".if", ".alert", "@", "a b'c\"d\\e$f#g", string.ascii_letters + string.digits,
    string.punctuation, "a" * 4000, "'" * 200,
]  # fmt: skip
CONFIG = """\
global
    default-path config
defaults
    mode http
    timeout client 10s
    timeout server 10s
    timeout connect 10s
frontend f
    bind 127.0.0.1:{port}
{lines}
"""
# What reaches us as a variable: no surrogates, as bytes that are not UTF-8 are refused before.
TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)
PROPERTY = settings(max_examples=20, deadline=None, database=None)


@contextmanager
def served(search_path, lines, **files):
    """Run HAProxy with the lines of a frontend; a function from paths to the bodies of answers."""
    port = free_port()
    files = {"haproxy.cfg": CONFIG.format(port=port, lines=lines)} | files
    with TemporaryDirectory() as folder:
        for name, text in files.items():
            with open(f"{folder}/{name}", "w", newline="", encoding="utf-8") as file:
                file.write(text)
        argv = ["haproxy", "-db", "-f", f"{folder}/haproxy.cfg"]
        environ = {"PATH": search_path, "HOME": "expanded"}
        with subprocess.Popen(argv, env=environ, stderr=subprocess.PIPE) as process:
            try:
                yield lambda paths: bodies(process, port, paths)
            finally:
                process.kill()


def bodies(process, port, paths):
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:

        def connected():
            if process.poll() is not None:
                raise RuntimeError(process.stderr.read().decode())
            connection.connect()
            return True

        eventually(connected)
        found = []
        for path in paths:
            connection.request("GET", path)
            found.append(connection.getresponse().read().decode())
        return found


def returned(search_path, texts):
    """The texts as HAProxy has read them, each a word of a line of its own."""
    lines = [
        f"    http-request return status 200 content-type text/plain string {quote_haproxy(text)}"
        f" if {{ path /{number} }}"
        for number, text in enumerate(texts)
    ]
    with served(search_path, "\n".join(lines)) as ask:
        return ask(f"/{number}" for number in range(len(texts)))


@pytest.mark.versions
def test_every_nasty_word_means_itself(search_path):
    assert returned(search_path, NASTY) == NASTY


@pytest.mark.versions
def test_every_character_means_itself_alone_and_between_others(search_path):
    """All of ASCII but what ends a line or the file."""
    characters = [chr(code) for code in range(1, 128) if chr(code) not in "\r\n"]
    texts = [text for char in characters for text in (char, f"a{char}b", char * 3)]

    assert returned(search_path, texts) == texts


@pytest.mark.versions
@PROPERTY
@given(texts=st.lists(TEXTS, max_size=60))
def test_any_text_is_itself_or_refused(search_path, texts):
    """Refused is what has a newline, a carriage return or a NUL; HAProxy returns no empty text."""
    good = [f"-{text}" for text in texts if not set(text) & set("\r\n\0")]
    for text in {f"-{text}" for text in texts}.difference(good):
        with pytest.raises(QuotingError):
            quote_haproxy(text)

    assert returned(search_path, ["-", *good]) == ["-", *good]


@pytest.mark.parametrize("char", ["\n", "\r", "\0"])
@pytest.mark.parametrize("text", ["{}", "a{}", "{}a", "'{}'", "a{}global"])
def test_what_ends_a_line_or_the_file_is_refused(text, char):
    value = text.format(char)

    with pytest.raises(QuotingError, match=r"haproxy\.cfg cannot hold it: more than one line"):
        quote_haproxy(value)


def test_a_secret_that_is_refused_is_not_shown():
    with pytest.raises(QuotingError) as caught:
        quote_haproxy(Secret("hunter2\n"))

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("example.com", "example.com"),
        ("[2001:db8::1]:443", "[2001:db8::1]:443"),
        ("/a/b_c-d.e@f,g*h=i+j", "/a/b_c-d.e@f,g*h=i+j"),
        (443, "443"),
        (-1, "-1"),
        ("", "''"),
        ("a b", "'a b'"),
        ("it's", "'it'\\''s'"),
        (Secret("hunter 2"), "'hunter 2'"),
        (Secret("hunter2"), "hunter2"),
        (Snippet("acl a path /\n  b 'c"), "acl a path /\n  b 'c"),
    ],
    ids=repr,
)
def test_what_needs_no_quotes_has_none(value, expected):
    """And a snippet is the one kind that is taken as it is."""
    assert quote_haproxy(value) == expected


@pytest.mark.parametrize("value", [True, False, None, 1.5, b"a", ["a"], {}, object], ids=repr)
def test_what_is_no_text_and_no_number_is_refused(value):
    """True would read as a word that no daemon understands."""
    with pytest.raises(QuotingError, match="not a text or a number"):
        quote_haproxy(value)


# maps


def looked_up(search_path, entries):
    """The values that HAProxy finds for the keys of a map; a key is asked for as it is."""
    text = f"# a comment\n{quote_haproxy_map(entries)}\n"
    found = '"%[urlp(key),url_dec,map_str(t.map)]"'
    line = f"    http-request return status 200 content-type text/plain lf-string {found}"
    with served(search_path, line, **{"t.map": text}) as ask:
        return dict(
            zip(entries, ask(f"/?key={quote(key, safe='')}" for key in entries), strict=True)
        )


@pytest.mark.versions
def test_every_entry_of_a_map_is_found(search_path):
    entries = {
        "example.com": "web:80", "*.example.com": "web:80", "a#b": "# value", "é🙂": "é 🙂",
        "'": '"', "\\": "\\n", "$HOME": "$HOME", "a=b,c": "a  b", "%[src]": "%[src]",
    }  # fmt: skip

    assert looked_up(search_path, entries) == entries


@pytest.mark.versions
@PROPERTY
@given(entries=st.dictionaries(TEXTS, TEXTS, max_size=60))
@example(entries={})
def test_any_entry_of_a_map_is_found_or_refused(search_path, entries):
    good = {key: value for key, value in entries.items() if accepted({key: value})}
    bad = dict(entries.items() - good.items())

    assert looked_up(search_path, good) == good
    assert not bad or not accepted(entries)


def accepted(entries):
    try:
        quote_haproxy_map(entries)
    except QuotingError:
        return False
    return True


@pytest.mark.parametrize(
    "key", ["", " ", "a b", "a\tb", "#a", "a\n", "a\nb c", "a\0", "\xa0", " a"]
)
def test_a_key_that_would_not_be_read_as_one_is_refused(key):
    with pytest.raises(QuotingError, match="a map file cannot hold it"):
        quote_haproxy_map({"good": "x", key: "x"})


@pytest.mark.parametrize("value", ["", " ", " a", "a ", "a\tb", "a\nb c", "a\r", "a\0"])
def test_a_value_that_would_not_be_read_as_it_is_is_refused(value):
    with pytest.raises(QuotingError, match="a map file cannot hold it"):
        quote_haproxy_map({"good": "x", "key": value})


@pytest.mark.parametrize("value", ["a text", 1, None, ["a"]], ids=repr)
def test_what_is_no_map_is_refused(value):
    with pytest.raises(QuotingError, match="not a map"):
        quote_haproxy_map(value)
