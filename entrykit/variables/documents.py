"""Values in JSON or YAML: every scalar a text, no key lost, no type guessed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from entrykit.display import display, display_key
from entrykit.errors import InvalidValue

if TYPE_CHECKING:
    from yaml import Event, ScalarEvent

# A map is a tuple of its pairs, so that a key that is there twice can be seen.
Tree: TypeAlias = "str | bool | int | float | list[Tree] | tuple[tuple[str, Tree], ...] | None"

# The same with the types that JSON has, and maps as dicts.
TypedTree: TypeAlias = "str | bool | int | float | list[TypedTree] | dict[str, TypedTree] | None"

# Parsers take time that grows with the square of the depth.
_MAX_DEPTH: Final = 20
_ALIAS_HINT: Final = '(expected no alias; what begins with * needs quotes: "*.example.com")'


def parse_tree(text: str) -> Tree:
    """Read JSON or YAML.

    Numbers come as they are written. true, false and null are values of their own
    in JSON and texts in YAML, where nothing tells `no` from a country.

    Raises:
        InvalidValue: it is neither, has aliases or is too deep.
    """
    if not text.lstrip().startswith("{"):
        return _yaml(text)
    try:
        return _json(text)
    except InvalidValue as json_error:
        try:
            return _yaml(text)
        except InvalidValue as yaml_error:
            raise InvalidValue([f"{json_error}; {yaml_error}"]) from None


def parse_typed(text: str) -> TypedTree:
    """Read YAML, which JSON is as well, for a program that tells `5` from `"5"`.

    A plain true, false, null, whole number or decimal fraction is one (YAML 1.2.2, 10.3.2); so
    0012345 and 1e10 are texts, as they are written.

    Raises:
        InvalidValue: it is not YAML, has aliases, is too deep, has a key twice, or a plain yes, no,
            on or off, which some programs take for a switch and others for a text.
    """
    return _to_typed(_yaml(text, _resolve_scalar))


def parse_json(text: str) -> TypedTree:
    """Read JSON.

    Raises:
        InvalidValue: it is not JSON, is nested too deep, or has a key twice.
    """
    import json

    try:
        tree: TypedTree = json.loads(text, object_pairs_hook=_unique)
    except RecursionError:
        raise InvalidValue(["not JSON: nested too deep"]) from None
    except json.JSONDecodeError as error:
        raise InvalidValue([f"not JSON: {error}"]) from None
    return tree


def _to_typed(tree: Tree) -> TypedTree:
    if isinstance(tree, list):
        return [_to_typed(item) for item in tree]
    if not isinstance(tree, tuple):
        return tree
    return _unique([(key, _to_typed(value)) for key, value in tree])


def _unique(pairs: list[tuple[str, TypedTree]]) -> dict[str, TypedTree]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = [key for key, times in Counter(key for key, _ in pairs).items() if times > 1]
        raise InvalidValue(
            [f"{display_key(key)}: there twice (expected each key once)" for key in twice]
        )
    return found


_PLAIN_SCALARS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}
_is_doubtful: Final = re.compile(r"(?i)yes|no|on|off").fullmatch
_is_whole: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})").fullmatch
_is_fraction: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,9})\.[0-9]{1,6}").fullmatch


def _resolve_scalar(event: ScalarEvent) -> Tree:
    text = event.value
    if not event.implicit[0]:
        return text
    if _is_doubtful(text):
        raise InvalidValue([f'{text}: a switch or a text? (expected true, false or "{text}")'])
    if text in _PLAIN_SCALARS:
        return _PLAIN_SCALARS[text]
    if _is_whole(text):
        return int(text)
    return float(text) if _is_fraction(text) else text


def _keep_text(event: ScalarEvent) -> Tree:
    return event.value


def _json(text: str) -> Tree:
    import json

    try:
        tree: Tree = json.loads(
            text, object_pairs_hook=tuple, parse_int=str, parse_float=str, parse_constant=str
        )
    except RecursionError:
        raise InvalidValue(["not JSON: nested too deep"]) from None
    except ValueError as error:
        raise InvalidValue([f"not JSON: {error}"]) from None
    return tree


def _yaml(text: str, scalar: Callable[[ScalarEvent], Tree] = _keep_text) -> Tree:
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        documents = _documents(yaml.parse(text, Loader=loader), scalar)
    except InvalidValue:
        raise
    # Surrogates and some escapes end in errors that are not YAML's own.
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise InvalidValue([f"not YAML: {_reason(error)}"]) from None
    if len(documents) != 1:
        raise InvalidValue([f"not YAML: {len(documents)} documents (expected 1)"])
    return documents[0]


def _reason(error: Exception) -> str:
    from yaml import MarkedYAMLError

    if not isinstance(error, MarkedYAMLError) or not error.problem_mark:
        return display(str(getattr(error, "reason", error)))
    mark = error.problem_mark
    hint = f" {_ALIAS_HINT}" if "alias" in (error.context or "") else ""
    return f"{_position(mark)}: {display(error.problem or '')}{hint}"


def _position(mark: Any) -> str:  # noqa: ANN401 -- yaml has two classes of them
    return f"line {mark.line + 1} column {mark.column + 1}"


def _documents(events: Iterator[Event], scalar: Callable[[ScalarEvent], Tree]) -> list[Tree]:
    """Build the documents from events: a loader would follow aliases and recurse into depths."""
    import yaml

    open_nodes: list[list[Tree]] = [[]]
    for event in events:
        if isinstance(event, yaml.AliasEvent):
            # Where it is, and not what: a password without quotes may begin with *.
            raise InvalidValue(
                [f"not understood: {_position(event.start_mark)}: an alias {_ALIAS_HINT}"]
            )
        if isinstance(event, yaml.ScalarEvent):
            open_nodes[-1].append(scalar(event))
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(open_nodes) > _MAX_DEPTH:
                raise InvalidValue(["not understood: nested too deep"])
            open_nodes.append([])
        elif isinstance(event, yaml.CollectionEndEvent):
            items = open_nodes.pop()
            open_nodes[-1].append(
                _pairs(items) if isinstance(event, yaml.MappingEndEvent) else items
            )
    return open_nodes[0]


def _pairs(items: list[Tree]) -> tuple[tuple[str, Tree], ...]:
    keys = [key for key in items[::2] if isinstance(key, str)]
    if len(keys) * 2 != len(items):
        raise InvalidValue(["not understood: a key that is not text"])
    return tuple(zip(keys, items[1::2], strict=True))
