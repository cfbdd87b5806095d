"""In each case of each role, a variable reported for a line does set it; no line is missing."""

from __future__ import annotations

from collections import Counter
from contextlib import chdir
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from explained import read

from entrykit.errors import EntrykitError
from entrykit.explain.tracing import Rendering, find_others, replace_value, trace
from entrykit.rendering.role_files import render

IMAGES = Path(__file__).parents[2] / "images"
CASES = sorted(path.parent for path in IMAGES.glob("*/cases/*/expected"))
# YAML takes ten times the time to write.
LONG = [case for case in CASES if any(case.glob("expected/*.yml"))]
EXPLAINED = sorted(LONG[::6] + [case for case in CASES if case not in LONG][::2])
DOMAINS = (
    '{"web": {"domains": ["example.com", "*.example.com"]}, '
    '"raw": {"domains": "raw.example.com", "tls": "passthrough"}}'
)
# Some variables need others, DNS_CREDENTIALS a DNS_PLUGIN; what HAProxy has there concerns `tls`.
TOGETHER = [
    ("haproxy", {"STATS_PORT": "1", "STATS_PASSWORD": "x"}, {"CERTS_DIR", "CONFIG_DIR"}),
    ("nginx-static", {"NGINX_APP": "web", "NGINX_LOGS": "per-domain"}, set()),
    (
        "certbot",
        {"EAB_KID": "x", "EAB_HMAC_KEY": "abcd", "CERTS_DIR": "/certs"},
        {"DNS_CREDENTIALS"},
    ),
]


def parent(lines, number):
    """The line above that has less indentation, by which two equal lines differ.

    Of a blank line: the one above, and that one's.
    """
    line = lines[number]
    depth = len(line) - len(line.lstrip()) + (line.strip()[:1] in "}]")
    for above in reversed(lines[:number]):
        heading = above.strip() and above.strip()[0] not in "#.}]"
        if heading and not line.strip():
            return above, parent(lines, lines.index(above))
        if heading and len(above) - len(above.lstrip()) < depth:
            return above
    return None


def changed(ours, theirs):
    """The numbers of our lines that are others, elsewhere, or fewer: as diff(1) sees it."""
    found = set()
    for kind, start, end, there, _ in SequenceMatcher(None, ours, theirs, False).get_opcodes():
        for number in range(start, end):
            same = kind == "equal" and parent(ours, number) == parent(
                theirs, there + number - start
            )
            found |= set() if same else {number}
    fewer = Counter(ours) - Counter(theirs)
    return found | {number for number, line in enumerate(ours) if line in fewer}


def label(case):
    return f"{case.parents[1].name}/{case.name}"


@pytest.mark.parametrize("case", EXPLAINED, ids=label)
def test_each_line_of_each_file_is_explained(case):
    """Each has a row of its own, as it stands in the file but for what is masked."""
    with chdir(case):
        found = trace(*read(case.parents[1].name, {}, ["env"]))

    expected = case / "expected"
    assert found.keys() == {
        str(path.relative_to(expected)) for path in expected.rglob("*") if path.is_file()
    }
    for path, file in found.items():
        written = (expected / path).read_text().removesuffix("\n").split("\n")
        assert len(file.lines) == len(file.variables) == len(file.headings) == len(written)
        pairs = zip(file.lines, written, strict=True)
        assert [line for line, text in pairs if line != text and "***" not in line] == []


@pytest.mark.parametrize("case", CASES[::12], ids=label)
def test_a_line_changes_with_each_variable_that_is_reported_to_set_it(case):
    """Judged by another way to compare two files; and of some cases, for time."""
    with chdir(case):
        role, settings, origins = read(case.parents[1].name, {}, ["env"])
        found = trace(role, settings, origins)
        files = render(role, settings)
        for name, origin in origins.items():
            said = made(found, name)
            seen = set()
            for other in find_others(settings, origin) if said else ():
                seen |= differing(role, files, replace_value(settings, origin, other))
            assert said - seen == set(), name


@pytest.mark.parametrize("case", CASES[1::12], ids=label)
def test_what_a_rendering_has_not_read_changes_none_of_its_files(case):
    """Such variables are not tried: every one has a value here that would have shown it."""
    with chdir(case):
        role, settings, origins = read(case.parents[1].name, {}, ["env"])
        base = Rendering(role, settings)
        for name, origin in origins.items():
            if name.lower() in base.used_fields:
                continue
            for other in find_others(settings, origin):
                there = render(role, replace_value(settings, origin, other))
                assert {path: file.text for path, file in there.items()} == base.texts, name


def made(found, name):
    """The lines that a variable is reported to set."""
    return {
        (path, number)
        for path, file in found.items()
        for number, names in enumerate(file.variables)
        if name in names
    }


def differing(role, files, settings):
    """The lines of files that are others with other settings; none where those cannot be."""
    try:
        there = render(role, settings)
    except EntrykitError:
        return set()
    return {
        (path, number)
        for path, file in files.items()
        for number in changed(
            file.text.splitlines(), there[path].text.splitlines() if path in there else []
        )
    }


@pytest.mark.parametrize(
    ("name", "environ", "silent"), TOGETHER, ids=[each[0] for each in TOGETHER]
)
def test_of_every_variable_some_value_is_tried_that_shows_what_it_does(name, environ, silent):
    role, settings, origins = read(name, {"DOMAINS": DOMAINS} | environ)
    base = Rendering(role, settings)

    shown = set()
    for origin in origins.values():
        for other in find_others(settings, origin):
            try:
                changed = Rendering(role, replace_value(settings, origin, other))
            except EntrykitError:
                continue
            if changed.texts != base.texts:
                shown.add(origin.name)

    rest = {each for each in origins if not each.startswith("ENTRYKIT_")} - shown
    assert rest == silent
