"""The drawing of where requests go: as SVG, and as Mermaid."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree as ET

import pytest
import trustme
from image_data.listing import role_images

from entrykit.discovery.finder import load_role, role_names
from entrykit.errors import UsageError
from entrykit.explain.drawing import draw_routing

FEW = {
    "web": ["example.com", "www.example.com"],
    "api": {"port": 9000, "domains": "api.example.com", "replicas": 3, "check": "/healthz"},
    "vault": {"domains": "vault.example.com", "tls": "passthrough"},
}
SHAPES = {
    "few": FEW,
    "300 of 3": {f"app{a}": [f"{n}.app{a}.example.com" for n in range(100)] for a in range(3)},
    "300 of 300": {f"app{n}": [f"{n}.example.com"] for n in range(300)},
    "10,000 of 10,000": {f"app{n}": [f"{n}.example.com"] for n in range(10_000)},
    "long names": {"web": [f"{'a' * 63}.{'b' * 63}.{n}.example.com" for n in range(20)]},
}
NAMESPACE = "{http://www.w3.org/2000/svg}"


def draw(apps, form, **environ):
    """Draw for these apps; by default the directory of certificates does not exist."""
    role = load_role("haproxy")
    environ = {"DOMAINS": json.dumps(apps), "CERTS_DIR": "/absent"} | environ
    return draw_routing(role, role.settings.from_environ(environ), form)


def tree(apps, **environ):
    return ET.fromstring(draw(apps, "svg", **environ))


def texts(root):
    return [each.text for each in root.iter(f"{NAMESPACE}text")]


def tips(root):
    return "\n".join(each.text for each in root.iter(f"{NAMESPACE}title")).splitlines()


def boxes(root, kind=None):
    """The left, top, width and height of the rectangles of a kind."""
    found = root.iter(f"{NAMESPACE}rect")
    return [
        tuple(float(each.get(name, 0)) for name in ("x", "y", "width", "height"))
        for each in found
        if kind is None or each.get("class") == kind
    ]


# SVG


@pytest.mark.parametrize("shape", SHAPES)
def test_every_domain_and_every_backend_is_in_the_svg(shape):
    """Seen, or in a tooltip."""
    known = tips(tree(SHAPES[shape]))

    apps = SHAPES[shape].values()
    names = [name for app in apps for name in (app if isinstance(app, list) else [app["domains"]])]
    assert set(names) - set(known) == set()
    assert {name for name in SHAPES[shape] if f"{name}:80" not in known} <= {"api", "vault"}


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_of_the_svg_lies_on_something_else_or_outside(shape):
    root = tree(SHAPES[shape])
    width, height = float(root.get("width")), float(root.get("height"))

    assert boxes(root)
    for left, top, wide, high in boxes(root):
        assert left >= 0
        assert top >= 0
        assert left + wide <= width
        assert top + high <= height
    for kind in ("band", "requests", "certificate", "backend", "server"):
        for (_, above, _, high), (_, below, _, _) in pairwise(boxes(root, kind)):
            assert above + high < below


@pytest.mark.parametrize("shape", SHAPES)
def test_a_text_of_the_svg_fits_its_box(shape):
    """A glyph of a monospaced font of 12 pixels is at most 7.3 wide (DejaVu's has 0.602 em)."""
    root = tree(SHAPES[shape])

    for group in root.iter(f"{NAMESPACE}g"):
        (box,) = boxes(group)
        lines = list(group.iter(f"{NAMESPACE}text"))
        for line in lines:
            assert float(line.get("x")) + len(line.text) * 7.3 <= box[0] + box[2]
            assert box[1] < float(line.get("y")) < box[1] + box[3]


def test_many_names_are_folded_and_counted():
    seen = texts(tree(SHAPES["300 of 3"]))

    assert seen.count("and 89 more") == 3
    assert "10.app0.example.com" in seen
    assert "11.app0.example.com" not in seen
    assert "haproxy: 300 domains, 4 backends" in seen


def test_the_svg_has_no_script_and_asks_for_nothing():
    """Nothing but shapes, text and a style without addresses."""
    root = tree(FEW)

    kinds = {each.tag.removeprefix(NAMESPACE) for each in root.iter()}
    assert kinds == {"svg", "title", "style", "defs", "marker", "path", "rect", "text", "g"}
    values = [value for each in root.iter() for value in each.attrib.values()]
    values += [root.find(f"{NAMESPACE}style").text]
    assert [value for value in values if "://" in value or "@import" in value] == []
    assert {name for each in root.iter() for name in each.attrib if name.startswith("on")} == set()


def test_equal_variables_give_an_equal_drawing():
    assert draw(FEW, "svg") == draw(FEW, "svg")
    assert draw(FEW, "mermaid") == draw(FEW, "mermaid")


# certificates


@pytest.fixture(scope="module")
def certs(tmp_path_factory):
    """A directory with two certificates, one with a name that is hostile to a browser."""
    folder = tmp_path_factory.mktemp("certs")
    ca = trustme.CA()
    for name, *names in [("web.pem", "example.com", "www.example.com"),
                         ('a"<b>&#1;.pem', "*.shop.example.com")]:  # fmt: skip
        ca.issue_cert(*names).private_key_and_cert_chain_pem.write_to_path(str(folder / name))
    return str(folder)


APPS = {"web": ["example.com", "www.example.com", "a.shop.example.com", "api.example.com"]}


def test_domains_are_drawn_with_the_certificate_that_is_presented_for_them(certs):
    root = tree(APPS, CERTS_DIR=certs)

    assert len(boxes(root, "requests")) == 4  # two names share one; and ACME challenges
    assert texts(root)[5:] == [
        "example.com", "www.example.com", "web.pem",
        "a.shop.example.com", 'a"<b>&#1;.pem',
        "api.example.com", "none",
        "web:80", "web:80",
        "ACME challenges", "none: over HTTP", "acme", "certbot:8080",
    ]  # fmt: skip


def test_a_domain_without_a_certificate_is_marked(certs):
    root = tree(APPS, CERTS_DIR=certs)

    assert len(boxes(root, "missing")) == 1
    assert '(["none"]):::missing' in draw(APPS, "mermaid", CERTS_DIR=certs)


def test_without_the_folder_nothing_is_claimed_of_certificates():
    root = tree(FEW)

    assert texts(root).count("by name in CERTS_DIR") == 2
    assert texts(root).count("of the app") == 1
    assert boxes(root, "missing") == []


@pytest.fixture
def unreadable():
    """A directory that can be entered but not listed; root drops its privileges for it."""
    whole = tree(FEW, CERTS_DIR="/")  # all imports are done as root
    assert texts(whole).count("none") == 2
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o111)
        uid = os.geteuid()
        os.seteuid(uid or 99)
        yield folder
        os.seteuid(uid)
        Path(folder).chmod(0o700)


def test_a_folder_that_cannot_be_listed_is_reported(unreadable):
    root = tree(FEW, CERTS_DIR=unreadable)

    assert texts(root).count("CERTS_DIR: Permission denied") == 2
    assert len(boxes(root, "missing")) == 2


def test_no_label_shows_a_secret():
    secret = {"STATS_PORT": "8404", "STATS_PASSWORD": "vault"}

    for form in ("svg", "mermaid"):
        assert "vault" not in draw(FEW, form, **secret)
        assert "example.com" in draw(FEW, form, **secret)


# Mermaid


@pytest.mark.parametrize("shape", SHAPES)
def test_mermaid_draws_what_it_is_given(shape):
    """500 arrows and 50,000 characters at most; what does not fit is counted."""
    chart = draw(SHAPES[shape], "mermaid")

    assert chart.count("-->") < 500
    assert len(chart) < 50_000
    drawn_backends = chart.count(":::backend")
    more = re.search(r"and (\d+) backends? more", chart)
    assert drawn_backends + int(more[1] if more else 0) == len(SHAPES[shape]) + 1


def test_a_label_of_mermaid_means_itself(certs):
    """Every character that might mean something is written as its code."""
    chart = draw(APPS, "mermaid", CERTS_DIR=certs)

    assert "a#34;#60;b#62;#38;#35;1#59;.pem" in chart
    for label in re.findall(r'"([^\n]*?)"', chart):
        assert re.fullmatch(r"(<br/>|#\d+;|[A-Za-z0-9 ._:/*,()\[\]-])*", label)


def test_every_node_of_mermaid_is_there_once_and_every_arrow_leads_to_one():
    chart = draw(SHAPES["300 of 3"], "mermaid")

    nodes = re.findall(r"\b(n\d+\w*)[\[(]", chart)
    ends = re.findall(r"--> (n\d+\w*)", chart)
    assert sorted(set(nodes)) == sorted(nodes)
    assert set(ends) <= set(nodes)


# where it is not


@pytest.mark.parametrize("name", [name for name in role_names() if load_role(name).routes is None])
def test_a_role_that_routes_nothing_says_so(name):
    role = load_role(name)
    settings = role.settings.from_environ(role_images()[name].trial)

    with pytest.raises(UsageError, match=f"--graph: the role {name} has no routing .*haproxy"):
        draw_routing(role, settings, "svg")


def test_a_start_imports_nothing_of_it():
    """A container's start is measured in milliseconds."""
    code = (
        "import sys, entrykit.start, entrykit.rendering.role_files, entrykit.roles.haproxy as role;"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = set(done.stdout.split())
    names = ["alternatives", "explain", "mermaid", "origins", "outline", "reference", "routing",
             "svg", "traces", "roles.haproxy.routes"]  # fmt: skip
    assert "entrykit.roles.haproxy" in loaded
    assert {name for name in names if f"entrykit.{name}" in loaded} == set()
