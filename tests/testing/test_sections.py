"""haproxy.cfg and nginx.conf by their sections and directives."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import under_test

from entrykit.quoting.base import QuotingError
from entrykit.quoting.haproxy import quote_haproxy as quoted
from entrykit.testing import haproxy, nginx, render_role

EDGE = """\
# A comment.
global
    maxconn 100
defaults
    timeout connect 5s
    timeout client  1m   # soon
frontend http
    bind :80
frontend https
bind :443 ssl
    bind :8443 ssl
  log-format 'a "quoted" word' \\
    http-request set-header x "a b"
.if version_atleast(3.0)
    option one
.else
    option two
.endif
backend acme from defaults
    server s 127.0.0.1:1 check
"""


@pytest.fixture
def edge():
    return haproxy.parse("haproxy.cfg", EDGE.replace(" \\\n", "\n"))


def test_a_directive_is_the_words_after_its_name(edge):
    assert edge.section("global").directive("maxconn") == "100"
    assert edge.section("defaults").directive("timeout connect") == "5s"
    assert edge.section("defaults").directive("timeout client") == "1m"
    assert edge.section("backend acme").directive("server") == "s 127.0.0.1:1 check"
    assert edge.section("frontend https").directive("option one") == ""


def test_a_directive_knows_its_words_and_its_line(edge):
    header = edge.section("frontend https").directive("http-request")

    assert header.words == ("set-header", "x", "a b")
    assert edge.section("frontend https").directive("log-format").words == ('a "quoted" word',)
    assert header.line == 13


def test_a_section_is_named_by_its_first_words(edge):
    assert edge.section("backend acme").words == ("backend", "acme", "from", "defaults")
    assert [each.words[1] for each in edge.sections("frontend")] == ["http", "https"]
    assert edge.section("frontend http").line == 7  # not https


def test_indentation_means_nothing(edge):
    assert edge.section("frontend https").directives("bind") == [":443 ssl", ":8443 ssl"]


def test_the_first_level_that_has_a_name_counts(edge):
    assert edge.directive("maxconn") == "100"
    assert edge.directives("bind") == [":80", ":443 ssl", ":8443 ssl"]


def test_what_is_not_there_is_an_empty_list(edge):
    assert edge.sections("listen") == []
    assert edge.directives("bin") == []
    assert edge.section("global").directives("bind") == []


@pytest.mark.parametrize(
    ("look", "message"),
    [
        (
            lambda edge: edge.section("frontend htps"),
            (
                "haproxy.cfg has no section 'frontend htps' (sections: global, defaults, "
                "frontend http, frontend https, backend acme from defaults)"
            ),
        ),
        (
            lambda edge: edge.section("frontend https").directive("bind"),
            (
                "frontend https in haproxy.cfg has 2 directives 'bind', in lines 10, 11: use more "
                "words of the name, or directives('bind')"
            ),
        ),
        (
            lambda edge: edge.section("defaults").directive("timeout tunnel"),
            "defaults in haproxy.cfg has no directive 'timeout tunnel' (directives: timeout)",
        ),
        (
            lambda edge: edge.section("frontend"),
            (
                "haproxy.cfg has 2 sections 'frontend', in lines 7, 9: use more words of the name, "
                "or sections('frontend')"
            ),
        ),
    ],
)
def test_what_is_not_there_once_fails_with_what_is(edge, look, message):
    with pytest.raises(AssertionError) as failed:
        look(edge)

    assert str(failed.value) == message


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("   # nothing", []),
        ("a b#c d", ["a", "b"]),
        ("a 'b#c d'", ["a", "b#c d"]),
        (r"a b\#c\ d", ["a", "b#c d"]),
        ("a 'b'\\''c'", ["a", "b'c"]),
        (r'a "b \"c\" \$d"', ["a", 'b "c" $d']),
        ("a ''", ["a", ""]),
        ("a'b'\"c\"d", ["abcd"]),
        (r"'\d+' \d \x41 \t|", [r"\d+", r"\d", "A", "\t|"]),
        ("a '", None),
        ('a "b', None),
        ("a \\", None),
    ],
)
def test_words_are_those_of_haproxy(line, words):
    """Configuration manual, 2.2."""
    assert haproxy.split_words(line) == words


@pytest.mark.versions
@pytest.mark.parametrize(
    "line",
    [
        r"a\#b\ c",
        "a'b #'c",
        r'"b \"c\" \$d\\"',
        r"\x41\d\'",
        r"'\x41\d'",
        "a'b'\"c\"d",
        r'"\x41\#\ \d"',
    ],
)
def test_the_daemon_has_the_same_words(line, tmp_path):
    """It names a keyword that it does not know."""
    (tmp_path / "x.cfg").write_text(f"global\n    {line}\n")
    command = [under_test("haproxy"), "-c", "-f", tmp_path / "x.cfg"]

    said = subprocess.run(command, capture_output=True, text=True, check=False).stderr

    (word,) = haproxy.split_words(line)
    assert f"unknown keyword '{word}' in 'global' section" in said


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1)))
def test_whatever_is_quoted_is_read_back(texts):
    try:
        line = " ".join(map(quoted, texts))
    except QuotingError:
        return

    assert haproxy.split_words(line) == texts


def test_a_quote_that_is_left_open_is_named_by_its_line():
    with pytest.raises(AssertionError, match=r"^haproxy.cfg:2: "):
        haproxy.parse("haproxy.cfg", "global\n  log 'x\n")


SITES = """\
worker_processes auto; # as many
http {
    map $host $folder { default ""; include sites.map; }
    server {
        listen 80;
        location / { add_header X-A "a b;c"; try_files $uri =404; }
        location = /x { return 200 "{"; }
    }
    server { listen 8080 default_server; }
}
"""


@pytest.fixture
def sites():
    return nginx.parse("nginx.conf", SITES)


def test_blocks_of_nginx_are_sections_within_sections(sites):
    assert sites.directive("worker_processes") == "auto"
    assert sites.section("map $host").directive("include") == "sites.map"
    assert sites.section("http").sections("server")[1].directive("listen") == "8080 default_server"
    assert sites.section("location =").directive("return").words == ("200", "{")
    assert sites.section("location /").directive("add_header X-A").words == ("a b;c",)
    assert sites.section("location /").line == 6


def test_nothing_is_looked_for_outside_of_a_section(sites):
    with pytest.raises(AssertionError, match=r"location / in nginx.conf has no directive 'listen'"):
        sites.section("location /").directive("listen")


def test_a_broken_nginx_conf_is_named_by_its_line():
    with pytest.raises(AssertionError, match=r'^nginx.conf:3: .*expecting "}"'):
        nginx.parse("nginx.conf", "http {\n  server {\n  }\n")


def test_every_line_of_our_own_files_is_in_a_section():
    """With the configuration's own structure: nothing is lost on the way."""
    cfg = render_role("haproxy", DOMAINS="web:example.com")["haproxy.cfg"]
    lines = [line.split("#")[0].split() for line in cfg.text.splitlines()]
    sections = [cfg.content, *cfg.content.inner]

    assert cfg.content.lines == []
    found = sum(len(section.lines) for section in sections) + len(cfg.content.inner)
    assert found == len([words for words in lines if words])
