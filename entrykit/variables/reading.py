"""Environment variables: NAME, NAME_FILE, near-miss names and service links."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType

from entrykit.display import display
from entrykit.variables.names import is_link_value, near_misses
from entrykit.variables.textfile import read_text


@dataclass(frozen=True, slots=True)
class Reading:
    """What the environment says about the variables that were asked for.

    Attributes:
        values: name to text, for every variable that is set and can be read.
        files: name to path, for those of them that come from a file.
        aliases: name to alias, for every variable that is set by one of its aliases.
        errors: name to message, for every variable that is set and cannot be read.
        empty: name to message, for every variable whose file is empty: it is not set.
        warnings: what looks like a mistake and is none for certain.
        refused: messages of set variables that a role has not, and does not start with.
    """

    values: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    empty: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def read(
    environ: Mapping[str, str],
    names: Collection[str],
    aliases: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> Reading:
    """Look up each of `names`, or the file that `NAME_FILE` names.

    Empty is unset. One trailing newline of a file is dropped, no more. A
    service link is never taken for a setting. What an alias sets is filed under the name.
    """
    reading = Reading()
    for name in names:
        _read_one(reading, environ, name, aliases.get(name, ()))
    every = [*names, *(alias for some in aliases.values() for alias in some)]
    reading.warnings.extend(near_misses(environ, every))
    return reading


def _read_one(
    reading: Reading, environ: Mapping[str, str], name: str, aliases: Collection[str]
) -> None:
    given = name
    try:
        given = _given_name(environ, name, aliases)
        value = _value(environ, given, reading.warnings)
    except ValueError as error:
        file = f"{given}_FILE"
        reading.errors[name] = str(error) + quotes_hint(file, environ.get(file, ""))
    else:
        path = environ.get(f"{given}_FILE")
        if value is not None:
            reading.values[name] = value
            reading.files.update({name: path} if path else {})
        elif path:
            reading.empty[name] = f"{given}_FILE: {display(path)}: the file is empty"
    if given != name:
        reading.aliases[name] = given


def _given_name(environ: Mapping[str, str], name: str, aliases: Collection[str]) -> str:
    """Return which of a variable's names is set; its own where none is."""
    given = [each for each in (name, *aliases) if aliases and _is_given(environ, each)]
    if len(given) > 1:
        raise ValueError(f"{given[0]}: set, and {given[1]} as well (expected one of the two)")
    return given[0] if given else name


def _is_given(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name, "")
    return bool((value and not _is_link(name, value)) or environ.get(f"{name}_FILE"))


def _is_link(name: str, value: str) -> bool:
    return name.endswith("_PORT") and bool(is_link_value(value))


def peek(environ: Mapping[str, str], name: str) -> str | None:
    """Look up one variable before all of them are checked.

    Returns:
        Its text; None where it is not set or invalid, or comes from what can be read
        only once, such as a pipe.
    """
    path = environ.get(f"{name}_FILE")
    if path and not os.path.isfile(path):
        return None
    with suppress(ValueError):
        return _value(environ, name, [])
    return None


def _value(environ: Mapping[str, str], name: str, warnings: list[str]) -> str | None:
    value, path = environ.get(name) or None, environ.get(f"{name}_FILE") or None
    if value and _is_link(name, value):
        warnings.append(f"{name}: {display(value)} is a service link and not a setting: ignored")
        value = None
    if value and path:
        raise ValueError(f"{name}: set, and {name}_FILE as well (expected one of the two)")
    if path:
        return _content(f"{name}_FILE", path) or None
    if value and not is_encodable(value):
        raise ValueError(f"{name}: not valid UTF-8")
    return value


def _content(name: str, path: str) -> str:
    try:
        return read_text(path).removesuffix("\n")
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def quotes_hint(name: str, text: str) -> str:
    """Return a further line for the error of a value in quotes: env-files have no quoting.

    Those of podman 4.3 and 5.4, of kubectl and of kustomize 5.7 were tried.
    """
    if not re.fullmatch(r"\s*(['\"]).*\1\s*", text, re.DOTALL):
        return ""
    return (
        f"\n{name}: the quotes around the value are a part of it, as env-files of docker, podman "
        "and kubectl have no quoting (expected none)"
    )


def is_encodable(text: str) -> bool:
    """Whether the bytes were UTF-8: others arrive as lone surrogates (PEP 383)."""
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def find_non_text(environ: Mapping[str, object]) -> list[str]:
    """Return an error for each value that is no text: a program's dict may have some."""
    return [
        f"{name}: the value is of type {type(value).__name__} (expected text)"
        for name, value in environ.items()
        if not isinstance(value, str)
    ]
