"""Filters of user-supplied templates quote a value for its format, or refuse it."""

from __future__ import annotations

import json
import subprocess
import tomllib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from entrykit.quoting.base import QuotedText, QuotingError
from entrykit.rendering.filters import FILTERS, to_json, to_shell, to_text, to_toml, to_yaml

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = TEXTS | st.integers(-(2**63), 2**63 - 1) | st.booleans()
TREES = st.recursive(
    SCALARS | st.none(),
    lambda each: st.lists(each, max_size=4) | st.dictionaries(TEXTS, each, max_size=4),
    max_leaves=10,
)
HOSTILE = ["", " a ", "a: b", "- a", "#", "no", "5", "1e3", "'\"\\", "a\nb", "\x7f\x85\u2028",
           "\ufeff", "é😀", "$(id)", "`id`", "{{ x }}", "*a", "&a",
           "!!python/object:os.system x"]  # fmt: skip


@given(TREES)
def test_json_means_the_value(value):
    text = to_json(value)

    assert json.loads(text) == value
    assert "\n" not in text


@given(TREES)
def test_yaml_means_the_value_within_a_line(value):
    text = to_yaml(value)

    assert yaml.safe_load(f"a: {text}\nb:\n  - {text} # x\n") == {"a": value, "b": [value]}


@given(SCALARS | st.lists(SCALARS))
def test_toml_means_the_value(value):
    assert tomllib.loads(f"x = {to_toml(value)}\ny = 1\n") == {"x": value, "y": 1}


@pytest.mark.parametrize("text", HOSTILE)
def test_every_format_means_the_text(text):
    """As read by parsers of the formats, and by sh(1)."""
    assert json.loads(to_json(text)) == text
    assert yaml.safe_load(f"- {to_yaml(text)}") == [text]
    assert tomllib.loads(f"x = {to_toml(text)}")["x"] == text
    said = subprocess.run(
        ["sh", "-c", f"printf %s {to_shell(text)}"], capture_output=True, check=True
    )
    assert said.stdout.decode() == text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("json", float("nan")),
        ("json", {1, 2}),
        ("yaml", float("inf")),
        ("yaml", 1e20),
        ("toml", None),
        ("toml", {"a": 1}),
        ("toml", float("nan")),
        ("shell", "a\0b"),
        ("shell", ["a"]),
        ("haproxy", "a\nb"),
        ("haproxy", True),
        ("nginx", "$a"),
        ("nginx", None),
    ],
)
def test_what_a_format_cannot_say_is_refused(name, value):
    with pytest.raises(QuotingError):
        FILTERS[name](value)


@pytest.mark.parametrize("name", FILTERS)
def test_what_a_filter_gives_is_quoted_and_not_once_more(name):
    assert isinstance(FILTERS[name]("a b"), QuotedText)
    assert to_text(FILTERS[name]("a b")) == FILTERS[name]("a b")


@pytest.mark.parametrize("value", [None, True, [], {}, b"x"])
def test_what_is_no_text_and_no_number_needs_a_filter(value):
    with pytest.raises(QuotingError, match="expected a filter"):
        to_text(value)
