"""YAML that is read with its types, and nothing guessed."""

from __future__ import annotations

import pytest

from entrykit.errors import InvalidValue
from entrykit.variables.documents import parse_json, parse_typed


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("-5", -5),
        ("0", 0),
        ("1.5", 1.5),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ('"5"', "5"),
        ("'true'", "true"),
        ("0012345", "0012345"),
        ("1e10", "1e10"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2001-01-01", "2001-01-01"),
        ("10s", "10s"),
        ("'yes'", "yes"),
    ],
)
def test_a_scalar_is_what_it_looks_like_and_no_more(text, value):
    found = parse_typed(f"a: {text}")

    assert found == {"a": value}
    assert type(found["a"]) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, "1", {"b": false}]}', {"a": [1, "1", {"b": False}]}),
        ("a:\n  - b: {}\n    c: []\n", {"a": [{"b": {}, "c": []}]}),
        ("[]", []),
    ],
)
def test_maps_and_lists_are_as_in_json(text, value):
    assert parse_typed(text) == value


@pytest.mark.parametrize("word", ["yes", "No", "ON", "off"])
def test_a_plain_yes_is_refused(word):
    with pytest.raises(InvalidValue, match=f'expected true, false or "{word}"'):
        parse_typed(f"a: {word}")


@pytest.mark.parametrize("text", ["a: 1\na: 2", "{a: {b: 1, b: 2}}"])
def test_a_key_that_is_there_twice_is_refused(text):
    with pytest.raises(InvalidValue, match="there twice"):
        parse_typed(text)


@pytest.mark.parametrize("text", ["{a: ", "a: *b", "a: b: c", "a\n---\nb"])
def test_what_is_not_yaml_is_refused(text):
    with pytest.raises(InvalidValue):
        parse_typed(text)


@pytest.mark.parametrize("text", ["{a: *made-up}", "{a: {b:made-up: 1, b:made-up: 2}}"])
def test_what_may_be_a_password_is_not_told(text):
    with pytest.raises(InvalidValue) as refused:
        parse_typed(text)

    assert "made-up" not in str(refused.value)


# JSON


@pytest.mark.parametrize(
    ("text", "value"),
    [('{"a": [1, 1.5, true, null, "no"]}', {"a": [1, 1.5, True, None, "no"]}), ("\t[]\n", [])],
)
def test_json_has_its_own_types(text, value):
    assert parse_json(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: b", "not JSON: Expecting value: line 1 column 1 (char 0)"),
        ('{"a": 1, "a": 2}', '"a": there twice (expected each key once)'),
        ("[" * 100_000, "not JSON: nested too deep"),
    ],
)
def test_what_is_not_json_or_ambiguous_is_refused(text, message):
    with pytest.raises(InvalidValue) as caught:
        parse_json(text)

    assert caught.value.messages == (message,)
