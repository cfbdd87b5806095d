"""Schemas of values in JSON or YAML: one way to check them, and one wording of the errors.

A check is a function from a value to what config.yml gets. It raises InvalidValue with all the
errors of the value, each after the place where it is: `entry 2: timeout: not a duration`. No
message shows a value that may be a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from entrykit.display import display_key
from entrykit.errors import InvalidValue
from entrykit.variables.documents import TypedTree, parse_typed

Check: TypeAlias = Callable[[TypedTree], TypedTree]


def check_parts(parts: Iterable[tuple[str, Check, TypedTree]]) -> list[TypedTree]:
    """Check the parts of a value.

    Args:
        parts: the place of each, its check and its value.

    Raises:
        InvalidValue: with the errors of all parts.
    """
    checked: list[TypedTree] = []
    errors: list[str] = []
    for place, check, value in parts:
        try:
            checked.append(check(value))
        except InvalidValue as error:
            errors += [f"{place}: {message}" for message in error.messages]
    if errors:
        raise InvalidValue(errors)
    return checked


def parse_map(text: str, example: str) -> dict[str, TypedTree]:
    """Parse a map with any keys."""
    return check_map(parse_typed(text), f"e.g. {example}")


def parse_records(
    text: str, keys: Mapping[str, Check], required: tuple[str, ...]
) -> list[TypedTree]:
    """Parse a list of maps with known keys; a single map is a list of one.

    Args:
        text: the value of a variable.
        keys: the check of each key.
        required: the keys that every map must have.
    """
    tree = parse_typed(text)
    records = [tree] if isinstance(tree, dict) else tree
    if not isinstance(records, list):
        raise _invalid("a list of maps", f"keys {', '.join(keys)}")

    def check(value: TypedTree) -> TypedTree:
        return _check_record(value, keys, required)

    return check_parts((f"entry {number}", check, each) for number, each in enumerate(records, 1))


def _check_record(
    value: TypedTree, keys: Mapping[str, Check], required: tuple[str, ...]
) -> TypedTree:
    record = check_map(value, f"keys {', '.join(keys)}")
    missing = [name for name in required if record.get(name) in (None, "")]

    def refuse_unknown(_value: TypedTree) -> TypedTree:
        raise InvalidValue([f"unknown key (expected one of {', '.join(keys)})"])

    def parts() -> Iterator[tuple[str, Check, TypedTree]]:
        yield from ((name, _refuse_missing, None) for name in missing)
        for name, part in record.items():
            if name not in keys:
                yield display_key(name), refuse_unknown, part
            elif name not in missing:
                yield name, keys[name], part

    return dict(zip(record, check_parts(parts()), strict=True))


def _refuse_missing(_value: TypedTree) -> TypedTree:
    raise InvalidValue(["not set (expected a value)"])


def check_map(value: TypedTree, expected: str = 'e.g. {"a": "b"}') -> dict[str, TypedTree]:
    """Accept a map with any keys."""
    if not isinstance(value, dict):
        raise _invalid("a map", expected)
    return value


def check_parsed(parse: Callable[[str], str], value: TypedTree) -> TypedTree:
    """Accept a scalar that a variable's own parser accepts: a duration, a URL, a path."""
    return parse(str(check_scalar(value)))


def check_scalar(value: TypedTree) -> TypedTree:
    """Accept anything but a map and a list."""
    if isinstance(value, dict | list):
        raise _invalid("a scalar", "a string, a number or a boolean")
    return value


def check_string(value: TypedTree) -> TypedTree:
    """Accept a string; a number without quotes is none."""
    if not isinstance(value, str):
        raise _invalid("a string", "one in quotes")
    return value


def check_strings(value: TypedTree) -> TypedTree:
    """Accept a list of strings."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _invalid("a list of strings", 'e.g. ["a", "b"]')
    return value


def check_boolean(value: TypedTree) -> TypedTree:
    """Accept true and false."""
    if not isinstance(value, bool):
        raise _invalid("a boolean", "true or false")
    return value


def check_natural(value: TypedTree) -> TypedTree:
    """Accept a whole number, 0 included."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _invalid("a whole number", "e.g. 5, without quotes")
    return value


def _invalid(kind: str, expected: str) -> InvalidValue:
    return InvalidValue([f"not {kind} (expected {expected})"])
