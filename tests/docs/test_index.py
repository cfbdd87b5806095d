"""docs/index.md lists every page: the navigation of the site is made of it."""

from __future__ import annotations

import re

import pytest
from pages import DOCS, PAGES

LISTED = re.findall(
    r"^- \[[^\]]+\]\(([\w./-]+\.md)\): ", (DOCS / "index.md").read_text(), re.MULTILINE
)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_listed(page):
    line = f"- [TITLE]({page}): what it is about"

    assert page in {*LISTED, "index.md"}, f"docs/index.md: add a line `{line}` where it belongs"


def test_no_page_is_listed_twice():
    assert len(set(LISTED)) == len(LISTED)
