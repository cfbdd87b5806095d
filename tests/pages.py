"""The pages of docs/, and what is shown in them."""

from __future__ import annotations

import ast
import os
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
UPDATE = os.environ.get("UPDATE_CASES") == "1"
DOCS = ROOT / "docs"
PAGES = sorted(path.name for path in DOCS.glob("*.md"))
# A page says so of a block that cannot run in a test, in a comment that readers do not see.
_BLOCK = re.compile(
    r"^(?:<!-- not run: (?P<reason>.+?) -->\n\n?)?```(?P<language>[\w-]+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_ENGINES = {"docker", "podman", "kubectl", "systemctl", "make"}


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, where that begins, and why it is not run."""

    language: str
    text: str
    start: int
    reason: str | None

    @property
    def commands(self):
        """Each command, of as many lines as it has, and what is shown of its output."""
        for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            command, said = re.fullmatch(r"((?:.*\\\n)*.*\n)((?s:.*))", part).groups()
            yield command.rstrip("\n"), said

    @property
    def runs(self):
        """Whether a test can run it: no engine, no reason, and no prompt of another machine."""
        here = self.language == "console" and self.reason is None
        return here and not re.search(r"^\w+\$ ", self.text, re.MULTILINE) and not self.engines

    @property
    def engines(self):
        """The commands that need an engine of containers, or what makes its images."""
        lines = [command for command, _ in self.commands if self.language == "console"]
        return [line for line in lines if line.split()[0] in _ENGINES]


def blocks(page, language=None):
    """The fenced blocks of a page, of one language or all."""
    found = [
        Block(each["language"], each["text"], each.start("text"), each["reason"])
        for each in _BLOCK.finditer((DOCS / page).read_text())
    ]
    return [block for block in found if language in {None, block.language}]


def compared(page, name, current, same=str):
    """Compare what is between the markers of a name with what it has to be, or write that."""
    path = DOCS / page
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    before, _, rest = path.read_text().partition(begin)
    written, found, after = rest.partition(end)
    assert found, f"{page}: no markers of {name}"
    if UPDATE and same(written) != same(current):
        path.write_text(f"{before}{begin}{current}{end}{after}")
        written = current

    assert same(written) == same(current)


def summary(path):
    """Return the first line of a module."""
    (line, *_) = ast.get_docstring(ast.parse(path.read_text())).partition("\n\n")[0].splitlines()
    return line.replace("|", "\\|")
