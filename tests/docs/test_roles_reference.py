"""The interface of a role, the types and the public names: docs/roles.md has what there is.

UPDATE_CASES=1 writes the tables in place of comparing them.
"""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import MISSING, fields
from importlib import import_module
from pathlib import Path

import pytest
from pages import compared, summary
from pydantic import TypeAdapter

from entrykit import api
from entrykit.discovery.validation import SIGNATURES
from entrykit.role import Check, Daemon, Files, Prepare, Role
from entrykit.variables import types

# the fields of a role

PARTS = (Role, Files, Daemon, Check, Prepare)


def attributes(part):
    """Return what the docstring of a dataclass says of each field, on one line."""
    section = inspect.getdoc(part).partition("Attributes:\n")[2]
    found = re.findall(r"(?ms)^    (\w+): (.*?)(?=^    \w+: |\Z)", section)
    return {name: " ".join(text.split()) for name, text in found}


def fields_of(part):
    """Yield a row for each field: its name, whether it is needed, its arguments, its meaning."""
    prefix = "" if part is Role else f"{part.__name__.lower()}."
    texts = attributes(part)
    for each in fields(part):
        if each.name in {"files", "daemon", "check", "prepare"} and part is Role:
            continue
        needed = each.default is MISSING and each.default_factory is MISSING
        yield f"| `{prefix}{each.name}` | {'required' if needed else ''} | {texts[each.name]} |"


def test_every_field_of_a_role_has_its_row():
    rows = [row for part in PARTS for row in fields_of(part)]

    compared(
        "roles.md", "role fields", "\n".join(["| Field | | Meaning |", "|---|---|---|", *rows, ""])
    )
    assert sum("| required |" in row for row in rows) == 8


@pytest.mark.parametrize("name", SIGNATURES)
def test_the_meaning_of_a_function_begins_with_its_arguments(name):
    part, _, field = name.rpartition(".")
    kind = {"": Role, "files": Files, "daemon": Daemon, "check": Check, "prepare": Prepare}[part]

    assert f"({', '.join(SIGNATURES[name])})" in attributes(kind)[field] or name == "daemon.run"


# types, each with a text that it accepts

EXAMPLES = {
    "Port": "8080",
    "Switch": "on",
    "Count": "200",
    "Seconds": "30",
    "Duration": "1500ms",
    "Line": "any text",
    "Secret": "hunter2",
    "Snippet": "raw lines",
    "Targets": "tcp://db:5432 file:/run/ready",
    "Folder": "/srv/www",
    "SocketPath": "/run/admin.sock",
    "HostPort": "db:5432",
    "Addresses": "192.0.2.1,2001:db8::1",
    "Networks": "10.0.0.0/8",
}


def test_every_type_has_its_row():
    rows = []
    for name in types.__all__:
        kind = getattr(types, name)
        info = next((each for each in getattr(kind, "__metadata__", ())), None)
        if info is not None:
            held = TypeAdapter(kind, config={"arbitrary_types_allowed": True}).validate_python(
                EXAMPLES[name]
            )
            rows.append(f"| `types.{name}` | {info.name} | `{EXAMPLES[name]}` | `{held!r}` |")

    head = ["| Type | Accepts | For example | The settings then hold |", "|---|---|---|---|"]
    compared("roles.md", "types", "\n".join([*head, *rows, ""]))
    assert len(rows) == len(EXAMPLES)


# the public names


def test_every_public_name_has_its_row():
    rows = ["| From | Names |", "|---|---|"]
    for module, names in api._MODULES.items():
        home = import_module(f"entrykit.{module}")
        rows.append(
            f"| {summary(Path(home.__file__))} | {', '.join(f'`{name}`' for name in names)} |"
        )

    compared("roles.md", "api", "\n".join([*rows, ""]))
    assert sorted(name for names in api._MODULES.values() for name in names) == api.__all__


@pytest.mark.parametrize("name", api.__all__)
def test_every_public_name_can_be_imported(name):
    assert getattr(api, name) is not None


def test_type_checkers_see_the_same_names():
    tree = ast.parse(Path(api.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {(f"{node.module}", each.name) for node in block.body for each in node.names}

    assert seen == {
        (f"entrykit.{module}", name) for module, names in api._MODULES.items() for name in names
    }
