"""Environment variables: NAME, NAME_FILE, near-miss names and service links."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from entrykit.display import display
from entrykit.variables.service_links import _LINK_VALUE
from entrykit.variables.textfile import read_text
from entrykit.variables.typos import near_misses


@dataclass(frozen=True, slots=True)
class Reading:
    """What the environment says about the variables that were asked for.

    Attributes:
        values: name to text, for every variable that is set and can be read.
        files: name to path, for those of them that a file has said.
        faults: name to message, for every variable that is set and cannot.
        empty: name to message, for every variable whose file is empty: it is not set.
        warnings: what looks like a mistake and is none for certain.
        refused: messages of set variables that a role has not, and does not start with.
    """

    values: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    empty: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def read(environ: Mapping[str, str], names: Collection[str]) -> Reading:
    """Look up each of `names`, or the file that `NAME_FILE` names.

    Empty is unset. One trailing newline of a file is dropped, no more. A
    service link is never taken for a setting.
    """
    reading = Reading()
    for name in names:
        try:
            value = _value(environ, name, reading.warnings)
        except ValueError as error:
            file = f"{name}_FILE"
            reading.faults[name] = str(error) + quotes_hint(file, environ.get(file, ""))
        else:
            path = environ.get(f"{name}_FILE")
            if value is not None:
                reading.values[name] = value
                reading.files.update({name: path} if path else {})
            elif path:
                reading.empty[name] = f"{name}_FILE: {display(path)}: the file is empty"
    reading.warnings.extend(near_misses(environ, names))
    return reading


def peek(environ: Mapping[str, str], name: str) -> str | None:
    """Look up one variable before all of them are judged.

    Returns:
        Its text; None where it is not set or at fault, or comes from what can be read
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
    if value and name.endswith("_PORT") and _LINK_VALUE.fullmatch(value):
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
    """Return a further line for the fault of a value in quotes: env-files have no quoting.

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
    """Return a fault for each value that is no text: a program's dict may have some."""
    return [
        f"{name}: the value is of type {type(value).__name__} (expected text)"
        for name, value in environ.items()
        if not isinstance(value, str)
    ]
