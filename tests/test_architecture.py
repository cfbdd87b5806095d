"""The rooms of docs/design.md: no more than 16 modules in a folder, imports run one way."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "entrykit"
DESIGN = ROOT / "docs" / "design.md"
MOST = 16


def modules(package=PACKAGE) -> dict[str, Path]:
    """Return every module by its dotted name; the skeleton of new roles is data."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        if "skeleton" not in parts:
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


def imports(path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """Yield the modules of the package that a module imports, lazily or not."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            for name in node.names:
                below = f"{node.module}.{name.name}"
                yield below if below in known else node.module


def graph(package=PACKAGE) -> dict[str, set[str]]:
    known = modules(package)
    return {name: set(imports(path, known)) - {name} for name, path in known.items()}


def rooms() -> list[str]:
    """Read the order of the rooms from the table of the page, the highest first."""
    section = DESIGN.read_text(encoding="utf-8").partition("\n## Rooms\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`([\w.]+)`", row.split("|")[1])]


def room(module: str) -> str:
    """Return the room of a module: `entrykit.files.fs` is in `files`, `entrykit.log` is `log`."""
    return module.split(".")[1] if "." in module else "entrykit"


def arrows_up(edges: Mapping[str, Iterable[str]], order: list[str]) -> list[str]:
    rank = {name: place for place, name in enumerate(order)}
    return [
        f"{here} imports {there}"
        for here, targets in sorted(edges.items())
        for there in sorted(targets)
        if room(here) != room(there) and rank[room(there)] <= rank[room(here)]
    ]


def contract(edges: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    """Make one node of each folder within a role: those must not import each other in a circle."""

    def node(module: str) -> str:
        parts = module.split(".")
        return ".".join(parts[:4]) if parts[1:2] == ["roles"] and len(parts) > 4 else module

    found: dict[str, set[str]] = {}
    for here, targets in edges.items():
        found.setdefault(node(here), set()).update(node(there) for there in targets)
    return {here: targets - {here} for here, targets in found.items()}


def circle(edges: Mapping[str, Iterable[str]]) -> list[str]:
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_every_room_is_in_the_table_of_the_page():
    assert {room(name) for name in modules()} == set(rooms())


def test_imports_form_no_circle():
    edges = graph()

    assert circle(edges) == []
    assert circle(contract(edges)) == []


def test_imports_run_down_the_rooms():
    assert arrows_up(graph(), rooms()) == []


def test_an_arrow_up_and_a_circle_are_named(tmp_path):
    package = tmp_path / "entrykit"
    (package / "files").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "errors.py").write_text("def f():\n    from entrykit.files import fs\n")
    (package / "files" / "__init__.py").touch()
    (package / "files" / "fs.py").write_text("from entrykit import errors\n")
    edges = graph(package)

    assert arrows_up(edges, rooms()) == ["entrykit.errors imports entrykit.files.fs"]
    assert {"entrykit.errors", "entrykit.files.fs"} == set(circle(edges))


@pytest.mark.parametrize("folder", sorted({path.parent for path in modules().values()}))
def test_no_folder_holds_too_many_modules(folder):
    names = [path.name for path in folder.glob("*.py") if path.name != "__init__.py"]

    assert len(names) <= MOST
