"""A tree of JSON or YAML that may have passwords in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from entrykit.variables.documents import TypedTree
from entrykit.variables.secret import Secret

# Names of keys whose values nobody may see.
_is_sensitive_key: Final = re.compile(r"(?i)pass|secret|key|token|auth|credential|header").search


class SensitiveTree(Secret):
    """A tree that may have passwords in it; the text is how it was given.

    Args:
        text: what the variable holds.
        tree: what that means.
    """

    __slots__ = ("tree",)

    def __init__(self, text: str, tree: TypedTree) -> None:
        super().__init__(text)
        self.tree = tree

    def leaves(self) -> Iterator[str]:
        """Yield the texts in it that are masked wherever they are seen."""
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
    """Make a secret of each text of a tree, so that its file is not for everybody."""
    if isinstance(tree, dict):
        return {key: wrap_secrets(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [wrap_secrets(item) for item in tree]
    return Secret(tree) if isinstance(tree, str) else tree


def get_nested(tree: object, *keys: str) -> object:
    """Return what a tree has at a place; None where it has nothing there."""
    for key in keys:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree
