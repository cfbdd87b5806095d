"""Values in JSON or YAML with known keys: every error at once, each after its place."""

from __future__ import annotations

from functools import partial

import pytest

from entrykit.errors import InvalidValue
from entrykit.variables.quantities import parse_duration
from entrykit.variables.schema import (
    check_boolean,
    check_map,
    check_natural,
    check_parsed,
    check_records,
    check_scalar,
    check_string,
    check_strings,
    parse_map,
    parse_records,
)

KEYS = {
    "name": check_string,
    "wait": partial(check_parsed, parse_duration),
    "count": check_natural,
    "tags": check_strings,
}


def messages(function, *arguments):
    with pytest.raises(InvalidValue) as caught:
        function(*arguments)
    return caught.value.messages


def test_a_single_map_is_a_list_of_one():
    assert parse_records("{name: a, wait: 5s}", KEYS, ("name",)) == [{"name": "a", "wait": "5s"}]


def test_every_error_of_every_entry_is_named_by_its_place():
    text = "[{name: 5, wait: 5}, {}, 7, {name: a, count: -1, tags: [1], 'pass:x': y}]"

    assert messages(parse_records, text, KEYS, ("name",)) == (
        "entry 1: name: not a string (expected one in quotes)",
        'entry 1: wait: "5": not a duration (expected a number and ms, s, m, h or d, e.g. 5s)',
        "entry 2: name: not set (expected a value)",
        "entry 3: not a map (expected keys name, wait, count, tags)",
        "entry 4: count: not a whole number (expected e.g. 5, without quotes)",
        'entry 4: tags: not a list of strings (expected e.g. ["a", "b"])',
        'entry 4: "pass:***": unknown key (expected one of name, wait, count, tags)',
    )


def test_what_is_not_a_list_has_the_keys_for_an_answer():
    said = "not a list of maps (expected keys name, wait, count, tags)"

    assert messages(parse_records, "text", KEYS, ()) == (said,)
    assert messages(check_records, {"name": "a"}, KEYS, ()) == (said,)


@pytest.mark.parametrize(
    ("check", "good", "bad", "message"),
    [
        (check_map, {"a": 1}, [], 'not a map (expected e.g. {"a": "b"})'),
        (check_scalar, 1.5, {}, "not a scalar (expected a string, a number or a boolean)"),
        (check_string, "5", 5, "not a string (expected one in quotes)"),
        (check_strings, ["a"], ["a", 1], 'not a list of strings (expected e.g. ["a", "b"])'),
        (check_strings, [], "a", 'not a list of strings (expected e.g. ["a", "b"])'),
        (check_boolean, False, "off", "not a boolean (expected true or false)"),
        (check_natural, 0, True, "not a whole number (expected e.g. 5, without quotes)"),
    ],
)
def test_each_check_accepts_its_type_alone(check, good, bad, message):
    assert check(good) == good
    assert messages(check, bad) == (message,)


def test_a_map_names_an_example():
    assert parse_map("a: b", "{a: b}") == {"a": "b"}
    assert messages(parse_map, "a", "{a: b}") == ("not a map (expected e.g. {a: b})",)
