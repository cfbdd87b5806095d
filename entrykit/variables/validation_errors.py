"""From pydantic's errors to messages: each with the variable's name, and without any secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from entrykit.display import display, display_name
from entrykit.errors import InvalidValue
from entrykit.variables.metadata import TypeInfo, type_info
from entrykit.variables.reading import Reading
from entrykit.variables.secret import mask

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

    Fields = Mapping[str, FieldInfo]


def empty_secret_errors(fields: Fields, reading: Reading) -> dict[str, str]:
    """Return the messages of empty files of secrets, by the names of the variables."""
    refused = {
        name.upper() for name, field in fields.items() if type_info(field).refuses_empty_file
    }
    return {name: message for name, message in reading.empty.items() if name in refused}


def errors_by_variable(fields: Fields, error: ValidationError, reading: Reading) -> dict[str, str]:
    """Return the messages of invalid values, by the names of the variables.

    pydantic's own texts are used as little as possible: some name fields or show values.
    """
    found: dict[str, str] = {}
    for item in error.errors(include_url=False, include_input=False):
        field = str(item["loc"][0])
        name = field.upper()
        lines = _messages(fields[field], item, reading.values.get(name, ""))
        found[name] = "\n".join(f"{name}: {line}" for line in lines)
    return _hide_file_contents(fields, found, reading)


def _messages(field: FieldInfo, item: ErrorDetails, text: str) -> tuple[str, ...]:
    if item["type"] == "missing":
        example = (field.examples or ["a value"])[0]
        return (f"not set (expected e.g. {example})",)
    context = item.get("ctx", {})
    cause, info = context.get("error"), type_info(field)
    if info.secret:
        return _secret_messages(info, cause, text)
    if isinstance(cause, InvalidValue):
        return cause.messages
    if item["type"] == "literal_error":
        expected = str(context["expected"]).replace("'", "")
        return (f"{display(text)}: no such choice (expected {expected})",)
    return (f"{display(text)}: {display_name(str(cause or item['msg']))}",)


def _secret_messages(info: TypeInfo, cause: object, text: str) -> tuple[str, ...]:
    """Return an `InvalidValue`'s messages if they do not show the value; any other may."""
    shown = display(text)[1:-1].removesuffix("…")
    if isinstance(cause, InvalidValue) and mask([text, shown], str(cause)) == str(cause):
        return cause.messages
    return (f"not a valid {info.name}",)


def _hide_file_contents(
    fields: Fields, messages: Mapping[str, str], reading: Reading
) -> dict[str, str]:
    """Quote no whole file: it may be the wrong one, such as a key whose path was meant."""
    found = dict(messages)
    for name in messages.keys() & reading.files.keys():
        file = f"{name}_FILE: {display(reading.files[name])}:"
        if type_info(fields[name.lower()]).is_path:
            found[name] = f"{file} holds no path (expected {name} to name the file itself)"
            continue
        quoted = f"{name}: {display(reading.values[name])}"
        found[name] = found[name].replace(quoted, f"{file} what it holds")
    return found
