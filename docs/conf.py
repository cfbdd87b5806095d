"""How Sphinx builds a site from the Markdown of this repository.

The source is the repository and not this directory, so that a link to README.md or to a Dockerfile
is checked as any other; index.md is the one list of pages, and the navigation is made of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pygments.lexers import IniLexer, TextLexer

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "entrykit"
author = "The entrykit maintainers"
root_doc = "docs/index"
include_patterns = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/*.md",
    "examples/*/README.md",
]
exclude_patterns = [".*", "**/.*"]  # environments, and what is built

extensions = ["myst_parser"]
myst_heading_anchors = 3
myst_links_external_new_tab = False
suppress_warnings = ["myst.header"]  # CHANGELOG.md goes from the first level to the third

html_theme = "furo"
html_title = "entrykit"
html_static_path = ["_static"]
html_extra_path = ["_site"]  # index.html, which leads to the pages in their directory
html_css_files = ["pages.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
pygments_style = "friendly"
pygments_dark_style = "monokai"

_PART = re.compile(r"^## (.+)\n((?:(?!^## ).*\n?)*)", re.MULTILINE)
_PAGE = re.compile(r"^- \[([^\]]+)\]\(([\w./-]+)\.md\)", re.MULTILINE)


def _navigation(listed: str) -> str:
    """Make a hidden table of contents of each heading of index.md and the pages below it."""
    trees = []
    for heading, below in _PART.findall(listed):
        found = _PAGE.findall(below)
        pages = [f"{title} </docs/{page}>".replace("/docs/../", "/") for title, page in found]
        if pages:
            lines = [f":caption: {heading}", ":hidden:", "", *pages]
            trees.append("\n".join(["```{toctree}", *lines, "```"]))
    return "\n\n".join(trees)


def _read(_app: Sphinx, page: str, source: list[str]) -> None:
    if page == root_doc:
        source[0] += f"\n{_navigation(source[0])}\n"


def setup(app: Sphinx) -> None:
    """Have the navigation made while index.md is read; name what Pygments does not know."""
    app.add_lexer("dotenv", IniLexer)
    app.add_lexer("mermaid", TextLexer)
    app.connect("source-read", _read)
