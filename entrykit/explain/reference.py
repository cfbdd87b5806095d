"""The reference of a role's variables: as text, Markdown, dotenv and JSON Schema."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from entrykit.role import Role
from entrykit.variables.metadata import aliases, type_info
from entrykit.variables.settings import Settings
from entrykit.variables.types import TypeInfo


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable, as documented.

    Attributes:
        name: the name in the environment.
        kind: its type.
        default: the default as text; None if there is none.
        required: whether it must be set.
        meaning: one or two sentences.
        example: a valid value.
        aliases: other names, which are read if `name` is not set.
    """

    name: str
    kind: TypeInfo
    default: str | None
    required: bool
    meaning: str
    example: str | None
    aliases: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The meaning, and the aliases."""
        known = " and ".join(self.aliases)
        return f"{self.meaning} Also read as {known}." if known else self.meaning


def variables(model: type[Settings]) -> list[Variable]:
    """Return the variables of a settings model: the role's own first, then those of all roles."""
    shared, known = Settings.model_fields.keys(), aliases(model.model_fields)
    fields = sorted(model.model_fields.items(), key=lambda item: item[0] in shared)
    return [
        Variable(
            name=name.upper(),
            kind=type_info(field),
            default=None if field.is_required() else _default_text(field.default),
            required=field.is_required(),
            meaning=field.description or "",
            example=str(field.examples[0]) if field.examples else None,
            aliases=known.get(name.upper(), ()),
        )
        for name, field in fields
    ]


def _default_text(value: object) -> str | None:
    if value is None or value in ((), ""):
        return None
    if isinstance(value, dict):
        return json.dumps(value)
    if isinstance(value, bool):
        return "on" if value else "off"
    return ",".join(value) if isinstance(value, tuple) else str(value)


def describe(role: Role[Any], form: str) -> str:
    """Describe every variable of a role in one of `FORMATS`."""
    return FORMATS[form](role)


def _plain_text(role: Role[Any]) -> str:
    blocks = []
    for variable in variables(role.settings):
        head = f"{variable.name}  ({variable.kind.name}; {_state(variable)})"
        body = textwrap.fill(variable.text, 76, initial_indent="    ", subsequent_indent="    ")
        blocks.append(f"{head}\n{body}\n")
    return "\n".join([*blocks, f"{_FILE_NOTE}\n"])


_FILE_NOTE: Final = (
    "Each variable X can also be given as X_FILE, the path of a file that holds the value."
)


def _state(variable: Variable) -> str:
    if variable.required:
        return "required"
    return "not set" if variable.default is None else f"default {variable.default}"


def _markdown(role: Role[Any]) -> str:
    rows = ["| Variable | Type | Default | Meaning |", "|---|---|---|---|"]
    for variable in variables(role.settings):
        default = "**required**" if variable.required else _code(variable.default)
        rows.append(f"| `{variable.name}` | {variable.kind.name} | {default} | {variable.text} |")
    return "\n".join([*rows, "", f"{_FILE_NOTE}\n"])


def _code(default: str | None) -> str:
    return f"`{default}`" if default else ""


def _dotenv(role: Role[Any]) -> str:
    """Return a file for --env-file: required variables to fill in, the others commented out."""
    blocks = []
    for variable in variables(role.settings):
        value = variable.default or variable.example or ""
        comment = textwrap.fill(variable.text, 78, initial_indent="# ", subsequent_indent="# ")
        sign = "" if variable.required else "#"
        blocks.append(f"{comment}\n{sign}{variable.name}={value}\n")
    return "\n".join(blocks)


def _json_schema(role: Role[Any]) -> str:
    known = variables(role.settings)
    properties = {variable.name: _property(variable) for variable in known}
    short = {alias: _alias(variable) for variable in known for alias in variable.aliases}
    files = {f"{name}_FILE": _FILE_SCHEMA for name in [*properties, *short]}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"The environment variables of entrykit {role.name}",
        "type": "object",
        "properties": properties | short | files,
        "allOf": [
            {"oneOf": [{"required": [name]} for name in _all_names(variable)]}
            for variable in known
            if variable.required
        ],
    }
    return json.dumps(schema, indent=2) + "\n"


_FILE_SCHEMA: Final = {
    "type": "string",
    "description": "The path of a file that holds the value.",
}


def _property(variable: Variable) -> dict[str, object]:
    found: dict[str, object] = {**variable.kind.schema, "description": variable.meaning}
    if variable.default is not None:
        found["default"] = variable.default
    if variable.kind.secret:
        found["writeOnly"] = True
    return found


def _all_names(variable: Variable) -> Iterator[str]:
    for name in (variable.name, *variable.aliases):
        yield from (name, f"{name}_FILE")


def _alias(variable: Variable) -> dict[str, object]:
    found = _property(variable)
    found.pop("default", None)
    return {**found, "description": f"Another name of {variable.name}.", "deprecated": True}


FORMATS: Final[Mapping[str, Callable[[Role[Any]], str]]] = {
    "text": _plain_text,
    "markdown": _markdown,
    "dotenv": _dotenv,
    "json-schema": _json_schema,
}
