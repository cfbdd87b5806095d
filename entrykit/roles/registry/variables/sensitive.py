"""Trees of JSON or YAML that may contain passwords."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from entrykit.variables.documents import TypedTree
from entrykit.variables.secret import Secret

# Keys whose values are masked.
_is_sensitive_key: Final = re.compile(r"(?i)pass|secret|key|token|auth|credential|header").search


class SensitiveTree(Secret):
    """A tree that may contain passwords.

    Args:
        text: the text of the variable.
        tree: the parsed text.
    """

    __slots__ = ("tree",)

    def __init__(self, text: str, tree: TypedTree) -> None:
        super().__init__(text)
        self.tree = tree

    def leaves(self) -> Iterator[str]:
        """Yield the strings in it that are masked everywhere."""
        return _list_leaves(self.tree, hidden=False)


def _list_leaves(tree: TypedTree, *, hidden: bool) -> Iterator[str]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _list_leaves(value, hidden=hidden or bool(_is_sensitive_key(key)))
    elif isinstance(tree, list):
        for item in tree:
            yield from _list_leaves(item, hidden=hidden)
    elif isinstance(tree, str) and hidden and tree:
        yield tree


def wrap_secrets(tree: TypedTree) -> object:
    """Wrap each string of a tree in a Secret, so that its file is not world-readable."""
    if isinstance(tree, dict):
        return {key: wrap_secrets(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [wrap_secrets(item) for item in tree]
    return Secret(tree) if isinstance(tree, str) else tree


def get_nested(tree: object, *keys: str) -> object:
    """Return the value at a path of keys; None where there is none."""
    for key in keys:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree
