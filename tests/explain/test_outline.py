"""Two versions of a file, compared by what their lines stand in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrykit.explain.outline import missing_lines, outline
from entrykit.variables.secret import Snippet, enclose_snippet, snippet_lines

HAPROXY = """\
# the head
global
    log stdout
.if feature(QUIC)
    limited-quic
.endif

frontend http
    bind :80

backend web
    server a
"""
NGINX = """\
events {}
http {
    map $host $site {
        default "";
    }
    server {
        listen 80;
        location / {
            return 404;
        }
    }
}
"""
JSON = """\
{
 "port": 80,
 "groups": {
  "web": [
   "example.com",
   "example.org"
  ]
 }
}
"""


@pytest.mark.parametrize(
    ("text", "line", "headings"),
    [
        (HAPROXY, "# the head", ()),
        (HAPROXY, "    log stdout", ("global",)),
        (HAPROXY, ".endif", ("global",)),
        (HAPROXY, "backend web", ()),
        (NGINX, "    server {", ("http {",)),
        (NGINX, "            return 404;", ("http {", "server {", "location / {")),
        (JSON, '   "example.org"', ('"groups": {', '"web": [')),
        (JSON, ' "port": 80', ()),
    ],
)
def test_a_line_stands_in_the_lines_above_that_have_less_indentation(text, line, headings):
    assert headings in {each.headings for each in outline(text) if each.text == line}


def gone(ours, theirs):
    lines = ours.splitlines()
    return [lines[number] for number in sorted(missing_lines(ours, theirs))]


@pytest.mark.parametrize("text", [HAPROXY, NGINX, JSON, "", "\n\n"])
def test_nothing_of_an_equal_file_is_missing(text):
    assert gone(text, text) == []


def test_a_changed_line_alone_is_missing():
    assert gone(HAPROXY, HAPROXY.replace(":80", ":81")) == ["    bind :80"]


def test_with_its_heading_a_section_is_missing_as_a_whole():
    other = HAPROXY.replace("backend web", "backend api")

    assert gone(HAPROXY, other) == ["backend web", "    server a"]


def test_an_item_is_the_same_whether_others_follow_it_or_not():
    other = JSON.replace('"example.org"', '"example.org",\n   "example.net"')

    assert gone(JSON, other) == []
    assert gone(other, JSON) == ['   "example.net"']


def test_lines_of_a_variable_are_no_headings_of_what_follows():
    """Whatever their indentation is, or their number of braces."""
    raw = enclose_snippet(Snippet("maxconn 5\n  deeper\n}"))
    other = HAPROXY.replace("    bind :80", f"{raw}\n    bind :80")

    assert gone(HAPROXY, other) == []
    assert gone(other, HAPROXY) == raw.splitlines()


def test_of_equal_lines_the_one_that_went_is_missing():
    """Not the last of them."""
    text = "frontend a\n    x\n    y\n    x\n    z\n"

    assert missing_lines(text, text.replace("    x\n", "", 1)) == {1}


@given(
    text=st.sampled_from([HAPROXY, NGINX, JSON]),
    edits=st.lists(
        st.tuples(st.integers(0, 20), st.sampled_from(["drop", "double", "change", "swap"])),
        min_size=1, max_size=3,
    ),
)  # fmt: skip
def test_what_is_the_same_at_both_ends_needs_no_look(text, edits):
    """With other comments at both ends all is looked at, and no fewer lines are missing."""
    ours = text.splitlines()
    theirs = edited(ours, edits)

    found = missing_lines(joined(ours), joined(theirs))
    thorough = missing_lines(joined(["# a", *ours, "# b"]), joined(["# c", *theirs, "# d"]))

    left = {line.rstrip(",") for line in theirs}
    gone = {number for number, line in enumerate(ours) if line.rstrip(",") not in left}
    assert gone <= found
    assert len(found) <= len(thorough) - 2


def joined(lines):
    """End each line: an empty one at the end would not be a line."""
    return "".join(f"{line}\n" for line in lines)


def edited(lines, edits):
    """The lines with some others."""
    found = [*lines]
    for place, kind in edits:
        number = place % len(found)
        line = found[number]
        if kind == "drop":
            found[number : number + 1] = []
        elif kind == "double":
            found.insert(number, line)
        elif kind == "change":
            found[number] = f"{line}x"
        else:
            found[number - 1], found[number] = line, found[number - 1]
        found = found or [""]
    return found


def test_raw_lines_are_known_from_their_comments_to_the_end():
    """Also where the last of the two comments is missing."""
    raw = enclose_snippet(Snippet("a\nb")).split("\n")

    assert snippet_lines(["x", *raw, "y"]) == {2, 3}
    assert snippet_lines(["x", *raw[:-1], "y"]) == {2, 3, 4}
    assert snippet_lines([]) == set()
