"""The blocks of the roles' templates: each is where its comment says, and can be changed."""

from __future__ import annotations

import os
import re

import pytest
from blocks import blocks, table
from image_data.listing import role_images
from pages import DOCS

from entrykit.discovery.finder import load_role, role_names
from entrykit.rendering.role_files import render

UPDATE = os.environ.get("UPDATE_CASES") == "1"
BEGIN, END = "<!-- blocks: begin -->\n", "<!-- blocks: end -->\n"
# How a role's files mark sections, and variables that ask for all that its templates can do.
IMAGES = role_images()
EVERY = [
    pytest.param(load_role(name), block, id=f"{name}-{block.template}-{block.name}")
    for name in role_names()
    for block in blocks(load_role(name))
]


def changed(role, block, folder, environ):
    """The files of a role where a person's template puts marks around one block."""
    (folder / block.template).write_text(
        f'{{% extends "!{block.template}" %}}\n'
        f"{{% block {block.name} %}}\n#BEGIN\n{{{{ super() }}}}#END\n{{% endblock %}}\n"
    )
    settings = role.settings.from_environ(environ | {"ENTRYKIT_TEMPLATES": str(folder)})
    return render(role, settings)


def marked(text):
    """What comes before each marked part of a text, and the part."""
    return [
        (text[: found.start()], found[1])
        for found in re.finditer(r"#BEGIN\n(.*?)#END", text, re.DOTALL)
    ]


def flush_sections(before, part):
    """By lines that begin at the margin, as HAProxy's sections and CFEngine's bundles do.

    The section that a part begins in, unless it begins with one; and those that begin in it.
    """
    heads = re.compile(r"^(?!#)[a-z].*", re.MULTILINE)
    lines = [line for line in part.splitlines() if line and not line.startswith("#")]
    inside = lines and lines[0].startswith((" ", "."))
    return [*(heads.findall(before)[-1:] if inside else []), *heads.findall(part)]


def nginx_sections(before, _part):
    """The names of the sections that are open, outermost first."""
    bare = re.sub(r"\"[^\"\n]*\"|'[^'\n]*'|#.*", "", before)
    while re.search(r"\w[^{};]*\{[^{}]*\}", bare):
        bare = re.sub(r"\w[^{};]*\{[^{}]*\}", "", bare)
    return [" ".join(re.findall(r"(\w+)\s*\{", bare)) or "main"]


@pytest.mark.parametrize("name", [name for name in role_names() if blocks(load_role(name))])
def test_the_page_of_a_role_has_their_table(name):
    page = DOCS / f"{name}.md"
    written = page.read_text()
    before, found, rest = written.partition(BEGIN)
    current = f"{before}{BEGIN}{table(load_role(name))}{END}{rest.partition(END)[2]}"
    assert found, f"docs/{name}.md: no line {BEGIN}"
    if UPDATE:
        page.write_text(current)
        written = current

    assert current == written


@pytest.mark.parametrize(("role", "block"), EVERY)
def test_every_block_says_what_it_is(role, block):
    """In a comment beside it, with the section where its file has sections."""
    assert block.meaning, "no comment beside the block"
    assert re.match(rf"[A-Z/`X]|gzip|{IMAGES[role.name].daemon.name}", block.meaning)
    sections = IMAGES[role.name].blocks.sections
    sectioned = sections != "none" and not block.template.endswith(".map.j2")
    assert bool(block.section) == sectioned
    assert block.files


def test_no_block_is_there_twice_in_one_template():
    known = [
        (param.values[0].name, param.values[1].template, param.values[1].name) for param in EVERY
    ]

    assert len(set(known)) == len(known)


@pytest.mark.parametrize(("role", "block"), EVERY)
def test_a_block_can_be_changed_and_is_where_it_says(role, block, tmp_path):
    """With `super()` alone nothing changes but the marks, and those are in the section."""
    places = []
    for environ in IMAGES[role.name].blocks.environ:
        found = changed(role, block, tmp_path, environ)
        plain = render(role, role.settings.from_environ(environ))
        for path, file in found.items():
            assert re.sub(r"#(?:BEGIN|END)\n", "", file.text) == plain[path].text
            places += [(path, *each) for each in marked(file.text)]

    assert {path for path, _, _ in places} == set(block.files)
    if block.section and block.section != "after all others":
        sections = {"braces": nginx_sections, "lines": flush_sections}[
            IMAGES[role.name].blocks.sections
        ]
        seen = {section for _, *each in places for section in sections(*each)}
        said = set(block.section.split(", "))
        assert said <= seen_as(seen) <= said | also(block)


def seen_as(sections):
    """Names of backends are the apps'."""
    return {re.sub(r"^backend (?!terminate).*", "backend …", section) for section in sections}


def also(block):
    """Sections that the meaning names beside the one that is meant."""
    return set(re.findall(r"`([a-z]+ [a-z]+)`", block.meaning))
