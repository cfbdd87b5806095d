"""Plain words: what the dictionary of docs/design.md keeps out stays out, in code and on pages.

Names of functions are verbs in the imperative, or nouns; never past participles.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Each with what is written in its place.
AVOIDED = {
    r"faults?|faulty": "error, invalid value",
    r"judges?|judged|judging|verdicts?": "check, check result",
    r"said|told": "reported, message, output",
    r"ours|theirs": "built-in, user-supplied, external",
    r"(?:a )?person's|people's": "user-supplied, the user's",
    r"machines?": "host",
    r"makes": "renders, creates, sets",
    r"nobody|somebody|anybody|everybody|whoever": "no one, someone, everyone; better, who it is",
    r"for trying": "test, as in a test CA",
    r"folders?": "directory",
}
SAY = re.compile(r", say\b(?! (?:that|so))")
WORD = re.compile(
    "|".join(rf"\b(?P<w{n}>{words})\b" for n, words in enumerate(AVOIDED)), re.IGNORECASE
)
# Where such a word is another one, or the name of something.
ALLOWED = re.compile(
    r"virtual machines?|\.machine\b|machine-id|machine-readable|/etc/machine|state machine"
    r"|podman machine|\"nobody\"|SSL_ERROR_FAULT|segmentation fault",
    re.IGNORECASE,
)
# Identifiers may say folder: it is short, and `dir` is a builtin.
IDENTIFIER = {"folder", "folders"}
PARTICIPLE = re.compile(
    r"_?(?:[a-z]+ed|told|laid|said|shown|given|made|held|seen|drawn|kept|left|found|written|known"
    r"|taken|hidden|sent|built|bound|lost|chosen|spent|split_up)"
)
# Each with its reason.
PARTICIPLES = {
    "required": "templates call env.required(…), beside env.get(…)",
    "need": "a verb",
    "embed": "a verb",
    "feed": "a verb",
    "seed": "a verb",
    "speed": "a noun",
    "exceed": "a verb",
    "proceed": "a verb",
}
PAGES = {".md"}  # of other files only comments are prose
PROSE = {".md", ".yaml", ".yml", ".toml", ".container", ".j2", ".cfg", ".conf", ""}
SKIPPED = re.compile(
    r"^tests/|^images/[^/]+/cases/|/cases/[^/]+/(?:env|expected)|^LICENSE|\.(?:png|svg|json|lock|txt)$"
)


def tracked() -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    names = done.stdout.split() or [
        path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file()
    ]
    return [ROOT / name for name in names if not SKIPPED.search(name) and (ROOT / name).is_file()]


def is_python(path: Path) -> bool:
    if path.suffix == ".py":
        return True
    with path.open("rb") as file:
        first = file.readline()
    return first.startswith(b"#!") and b"python" in first


def parts_of_python(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield line, text and whether it is prose: comments and strings are, identifiers are not."""
    kinds = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", -1)}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME:
            yield token.start[0], token.string.replace("_", " "), False
        elif token.type in kinds:
            yield token.start[0], token.string, True


def parts(path: Path) -> Iterator[tuple[int, str, bool]]:
    text = path.read_text(encoding="utf-8")
    if is_python(path):
        yield from parts_of_python(text)
        return
    pages = path.suffix in PAGES
    for number, line in enumerate(text.splitlines(), start=1):
        yield number, line if pages else line.partition("#")[2], True


def prose(text: str) -> str:
    """Leave out what is quoted from elsewhere: code in backticks, arguments' names, paths."""
    text = re.sub(
        r"""types\.Folder|["'][Ff]older["']|`[^`\n]*`|\{[^{}\n]*\}|<[^<>\n]*>""", " ", text
    )
    text = re.sub(r"(?m)^ +\w+: ", " ", text)  # of a docstring's Args
    return ALLOWED.sub(" ", text)


def found(path: Path) -> Iterator[str]:
    for line, text, is_prose in parts(path):
        shown = prose(text) if is_prose else text
        for match in WORD.finditer(shown):
            if is_prose or match[0].lower() not in IDENTIFIER:
                at = line + shown[: match.start()].count("\n")
                yield f"{path.relative_to(ROOT)}:{at}: {match[0]}"
        if is_prose and SAY.search(shown):
            yield f"{path.relative_to(ROOT)}:{line}: “, say” (write “e.g.”)"


FILES = [path for path in tracked() if is_python(path) or path.suffix in PROSE]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_words_are_plain(path):
    assert [*found(path)] == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "entrykit").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_function_is_named_by_a_participle(path):
    names = [
        node.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    assert [name for name in names if PARTICIPLE.fullmatch(name) and name not in PARTICIPLES] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A fault of the file.", ["fault"]),
        ("By default it is the default.", []),
        ("# told the judge", ["told", "judge"]),
        ("a `folder` and a folder", ["folder"]),
        ("a virtual machine", []),
    ],
)
def test_a_word_is_found_where_it_stands_as_a_word(text, words):
    assert [match[0] for match in WORD.finditer(prose(text))] == words
