"""Trees in YAML: what is written means itself to every reader."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from entrykit.quoting.base import QuotingError
from entrykit.quoting.yaml import quote_yaml
from entrykit.variables.secret import Secret, is_private

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
TREES = st.recursive(
    TEXTS | st.booleans() | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(TEXTS, TREES, max_size=4))
def test_any_tree_is_read_as_it_was(tree):
    assert yaml.safe_load(quote_yaml(tree)) == tree


@pytest.mark.parametrize("text", ["0012345", "1e10", "yes", "a:b#c", '"quoted"', "", "~", "0x1f"])
def test_every_text_is_quoted(text):
    written = quote_yaml({"key": text})

    assert written.startswith('key: "')
    assert yaml.safe_load(written) == {"key": text}


@pytest.mark.parametrize("key", ["y", "n", "yes", "off", "true", "null", "X-A", "a b", "0"])
def test_a_key_that_could_be_something_else_is_quoted(key):
    assert quote_yaml({key: 1}) == f'"{key}": 1'


def test_maps_keep_their_order_and_lists_their_line():
    tree = {"b": [{"x": ["1"]}, "2"], "a": {"d": True, "c": 5}}

    assert quote_yaml(tree) == 'b: [{x: ["1"]}, "2"]\na:\n  d: true\n  c: 5'


def test_a_long_text_stays_on_its_line():
    assert len(quote_yaml({"a": "word " * 100}).splitlines()) == 1


def test_equal_parts_are_written_out():
    part = ["x"]

    assert quote_yaml({"a": part, "b": part}) == 'a: ["x"]\nb: ["x"]'


def test_a_secret_is_written_and_noted():
    tree = {"a": [{"b": Secret("hush")}]}

    assert quote_yaml(tree) == 'a: [{b: "hush"}]'
    assert is_private(tree)
    assert not is_private({"a": [{"b": "hush"}]})


def test_what_is_no_tree_is_refused():
    with pytest.raises(QuotingError, match="YAML cannot hold it"):
        quote_yaml({"a": object()})
