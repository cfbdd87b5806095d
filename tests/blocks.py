"""The blocks of the roles' templates, as they are and as docs/<role>.md lists them."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Beside the block's tag: `section: Meaning.`, or the meaning alone where a file has no sections.
_TAG = re.compile(
    r"\{%-? block (\w+) .*?%\}(?:\{# (?:([^A-Z#][^:#]*): )?([^#]*\.|[^#]*; empty\.) #\})?"
)


@dataclass(frozen=True)
class Block:
    """One block: which template has it, which files of the role it is in, and what it says."""

    name: str
    template: str
    files: tuple[str, ...]
    section: str | None
    meaning: str | None


def blocks(role):
    """Every block of a role, template by template: those of files first, then those of parts."""
    texts = {path.name: path.read_text() for path in role.templates.glob("*.j2")}
    return [
        Block(name, template, files_of(template, texts), section or None, meaning or None)
        for template in sorted(texts, key=lambda name: (name.startswith("_"), name))
        for name, section, meaning in _TAG.findall(texts[template])
    ]


def files_of(template, texts):
    """The files that a template makes or is a part of."""
    if not template.startswith("_"):
        return (template.removesuffix(".j2"),)
    including = (name for name, text in texts.items() if f'include "{template}"' in text)
    return tuple(sorted({file for name in including for file in files_of(name, texts)}))


def table(role):
    """The table of the role's page."""
    rows = ["| Template | Block | Place | What |", "|---|---|---|---|"]
    for block in blocks(role):
        place = ", ".join(filter(None, (" ".join(block.files), block.section)))
        rows.append(f"| `{block.template}` | `{block.name}` | {place} | {block.meaning} |")
    return "\n".join(rows) + "\n"
