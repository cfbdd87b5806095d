"""The environment as user-supplied templates see it: `env`, which reports all errors at once."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from entrykit.display import display
from entrykit.errors import InvalidValue
from entrykit.rendering.location import current_location, is_literal
from entrykit.rendering.undefined import MissingValue, TemplateObject
from entrykit.variables import reading as environment
from entrykit.variables.documents import Tree, parse_tree
from entrykit.variables.names import near_misses
from entrykit.variables.parsers import parse_switch, split_list
from entrykit.variables.secret import MASK

_UNSET: Final = object()
_MIN_NAME_LENGTH: Final = 4  # shorter names are all close to each other
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")


class VariableErrors:
    """What is wrong with variables in all templates: each error once, where it comes up first."""

    def __init__(self) -> None:
        self._locations: dict[tuple[str, str], str] = {}
        self.known: set[str] = set()  # what a template has asked for

    def add(self, name: str, message: str) -> None:
        """Record a message on a variable, with the current line of the template."""
        self._locations.setdefault((name, message), current_location())

    @property
    def messages(self) -> list[str]:
        """The messages, a line each."""
        return [f"{message} ({location})" for (_, message), location in self._locations.items()]

    def near_misses(self, environ: Mapping[str, str]) -> Iterator[str]:
        """Yield a warning for each set variable whose name is close to one with an error."""
        others = {name: text for name, text in environ.items() if name not in self.known}
        wanted = {name for name, _ in self._locations if len(name) >= _MIN_NAME_LENGTH}
        return near_misses(others, wanted)


class Variables(TemplateObject):
    """`env` in a template: `env.X`, `env.int("X")`, `env.get("X", "a default")` and so on.

    Every variable X can be given as X_FILE.

    Args:
        environ: names to texts.
        errors: collects what is wrong.
        secrets: collects values from files, which count as secrets.
    """

    _name_in_templates = "env"

    def __init__(
        self, environ: Mapping[str, str], errors: VariableErrors, secrets: list[object]
    ) -> None:
        self._environ = environ
        self._errors = errors
        self._secrets = secrets

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- a text, or what stands for it
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: object) -> Any:  # noqa: ANN401
        if not isinstance(name, str):
            raise TypeError(f"env[{name!r}]: not the name of a variable")
        return self._read(name, _UNSET, str)

    def __contains__(self, name: str) -> bool:
        return self._text(name) is not None

    def get(self, name: str, default: object = None) -> Any:  # noqa: ANN401
        """Return a text, or the default where the variable is not set."""
        return self._read(name, default, str)

    def required(self, name: str, message: str = "not set") -> Any:  # noqa: ANN401
        """Return a text; if it is not set, report the message."""
        text = self._text(name)
        line = f"{name}: {message if self._is_showable(message) else 'not set'}"
        return self._record_error(name, line) if text is None else text

    def int(self, name: str, default: object = _UNSET) -> Any:  # noqa: ANN401
        """Return a whole number."""
        return self._read(name, default, _integer)

    def bool(self, name: str, default: object = _UNSET) -> Any:  # noqa: ANN401
        """Return whether it is on: on, true, yes, 1, or off, false, no, 0."""
        return self._read(name, default, parse_switch)

    def list(self, name: str, default: object = _UNSET) -> Any:  # noqa: ANN401
        """Return texts: `a,b` or a list in JSON."""
        return self._read(name, default, split_list)

    def map(self, name: str, default: object = _UNSET) -> Any:  # noqa: ANN401
        """Return a map, of JSON or YAML."""
        return self._read(name, default, _map)

    def json(self, name: str, default: object = _UNSET) -> Any:  # noqa: ANN401
        """Return the value of a JSON document."""
        return self._read(name, default, _json)

    def _read(self, name: str, default: object, parse: Callable[[str], object]) -> Any:  # noqa: ANN401
        text = self._text(name)
        if isinstance(text, MissingValue):
            return text
        if text is None:
            if default is not _UNSET:
                return default
            return MissingValue(lambda: self._note(name, f"{name}: not set"))
        try:
            return parse(text)
        except InvalidValue as error:
            return self._record_error(
                name, *(f"{name}: {message}" for message in self._describe(text, error))
            )

    def _describe(self, text: str, error: InvalidValue) -> Iterator[str]:
        """Yield what is wrong; for a secret only what would be right."""
        for message in error.messages:
            expected = re.search(r"\((?:expected|e\.g\.|use) .*\)$", message)
            hidden = f"invalid value {expected[0] if expected else ''}".rstrip()
            yield hidden if text in self._secrets else message

    def _text(self, name: str) -> Any:  # noqa: ANN401 -- None where it is not set
        self._errors.known |= {name, f"{name}_FILE"}
        given = {key: self._environ[key] for key in (name, f"{name}_FILE") if key in self._environ}
        reading = environment.read(given, [name])
        if message := reading.errors.get(name) or reading.empty.get(name):
            return self._record_error(name, message)
        text = reading.values.get(name)
        if text is not None and not given.get(name):
            self._secrets.append(text)
        return text

    def _record_error(self, name: str, *messages: str) -> MissingValue:
        for message in messages:
            self._note(name, message)
        return MissingValue(lambda: None)

    def _note(self, name: str, message: str) -> None:
        if self._is_showable(name):
            self._errors.add(name, message)
        else:
            self._errors.add(MASK, message.replace(name, MASK))

    def _is_showable(self, text: str) -> builtins.bool:
        """Whether a text from the template can be shown: it may be built from a secret."""
        return not self._secrets or is_literal(text)


def _integer(text: str) -> builtins.int:
    if not _INTEGER.fullmatch(text):
        raise InvalidValue([f"{display(text)}: not a whole number (e.g. 5432)"])
    return int(text)


def _map(text: str) -> object:
    tree = parse_tree(text)
    if not isinstance(tree, tuple):
        raise InvalidValue([f'{display(text)}: not a map (e.g. {{"a": "b"}})'])
    return _to_python(tree)


def _to_python(tree: Tree) -> object:
    if isinstance(tree, builtins.list):
        return [_to_python(item) for item in tree]
    if not isinstance(tree, tuple):
        return tree
    found = {key: _to_python(value) for key, value in tree}
    if len(found) < len(tree):
        raise InvalidValue(["a key is given twice (expected each key once)"])
    return found


def _json(text: str) -> object:
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidValue([f'{display(text)}: not JSON (e.g. {{"a": 1}})']) from None
