"""What is said to make a line does, in each case of each role; and each line is explained."""

from __future__ import annotations

from collections import Counter
from contextlib import chdir
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from explained import read

from entrykit.errors import EntrykitError
from entrykit.templates import render
from entrykit.traces import Rendering, others, trace, with_value

IMAGES = Path(__file__).parents[1] / "images"
CASES = sorted(path.parent for path in IMAGES.glob("*/cases/*/expected"))
DOMAINS = (
    '{"web": {"domains": ["example.com", "*.example.com"]}, '
    '"raw": {"domains": "raw.example.com", "tls": "passthrough"}}'
)
# Some variables need others, DNS_CREDENTIALS a DNS_PLUGIN; what HAProxy has there concerns `tls`.
TOGETHER = [
    ("haproxy", {"STATS_PORT": "1", "STATS_PASSWORD": "x"}, {"CERTS_DIR", "CONFIG_DIR"}),
    ("nginx-static", {"APP": "web", "LOGS": "per-domain"}, set()),
    (
        "certbot",
        {"EAB_KID": "x", "EAB_HMAC_KEY": "abcd", "CERTS_DIR": "/certs"},
        {"DNS_CREDENTIALS"},
    ),
]


def parent(lines, number):
    """The line above that has less indentation, by which two equal lines differ."""
    line = lines[number]
    depth = len(line) - len(line.lstrip()) + (line.strip()[:1] in "}]")
    for above in reversed(lines[:number]):
        heading = above.strip() and above.strip()[0] not in "#.}]"
        if heading and (len(above) - len(above.lstrip()) < depth or not line.strip()):
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


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parents[1].name}/{case.name}")
def test_each_line_is_explained_and_changes_with_what_is_said_to_make_it(case):
    with chdir(case):
        role, settings, origins = read(case.parents[1].name, {}, ["env"])
        found = trace(role, settings, origins)
    files = render(role, settings)

    assert {path: len(file.lines) for path, file in found.items()} == {
        path: len(file.text.splitlines()) for path, file in files.items()
    }
    for name, origin in origins.items():
        said = {
            (path, number)
            for path, file in found.items()
            for number, names in enumerate(file.makers)
            if name in names
        }
        seen = set()
        for other in others(settings, origin):
            try:
                there = render(role, with_value(settings, origin, other))
            except EntrykitError:
                continue
            for path, file in files.items():
                lines = changed(file.text.splitlines(), there[path].text.splitlines())
                seen |= {(path, number) for number in lines}
        assert said - seen == set(), name


@pytest.mark.parametrize(("name", "environ", "silent"), TOGETHER, ids=lambda each: str(each)[:12])
def test_of_every_variable_some_value_is_tried_that_shows_what_it_does(name, environ, silent):
    role, settings, origins = read(name, {"DOMAINS": DOMAINS} | environ)
    base = Rendering(role, settings)

    shown = set()
    for origin in origins.values():
        for other in others(settings, origin):
            try:
                changed = Rendering(role, with_value(settings, origin, other))
            except EntrykitError:
                continue
            if changed.texts != base.texts:
                shown.add(origin.name)

    rest = {each for each in origins if not each.startswith("ENTRYKIT_")} - shown
    assert rest == silent
