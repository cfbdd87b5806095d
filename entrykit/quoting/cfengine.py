"""Quote for CFEngine's promises.cf."""

from __future__ import annotations

import re

from entrykit.quoting.base import QuotedText, QuotingError, describe_value, to_text


def quote_cfengine(value: object) -> str:
    """Quote a string of CFEngine's policy language, or a list of them.

    Between double quotes a backslash stands before a quote and before itself. Variables are
    expanded there, and none of its escapes is reliable (tried with 3.21): they are refused.
    So is an empty list, which admits everyone where the server asks who may connect.
    """
    if isinstance(value, QuotedText):
        return value
    if isinstance(value, tuple | list):
        if not value:
            raise QuotingError("policy cannot hold it: an empty list")
        return f"{{ {', '.join([quote_cfengine(item) for item in value])} }}"
    text = value if type(value) is str else to_text(value)
    if reason := find_cfengine_error(text):
        raise QuotingError(f"{describe_value(value)}: policy cannot hold it: {reason}")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def find_cfengine_error(text: str) -> str | None:
    """Say why no string of CFEngine's policy language can hold a text; None where one can."""
    if any(char < " " or char == "\x7f" for char in text):
        return "a control character or more than one line"
    found = re.search(r"[$@][({]", text)
    return f"{found[0]} begins a variable" if found else None
