"""The environment as a template of a person's own sees it: `env`, with every fault at once."""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from entrykit.display import display
from entrykit.errors import InvalidValue
from entrykit.rendering.undefined import MissingValue
from entrykit.variables import reading as environment
from entrykit.variables.documents import Tree, parse_tree
from entrykit.variables.parsers import parse_switch, split_list
from entrykit.variables.secret import MASK
from entrykit.variables.typos import near_misses

if TYPE_CHECKING:
    from jinja2 import Template

_UNSET: Final = object()
_MIN_NAME_LENGTH: Final = 4  # shorter names are all close to each other
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")


class VariableErrors:
    """What is wrong with variables, in all templates: each fault once, where it is met first."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str], str] = {}
        self.known: set[str] = set()  # what a template has asked for

    def add(self, name: str, said: str) -> None:
        """Note what is to be said of a variable, and the line of the template that is at work."""
        self._places.setdefault((name, said), _current_location(sys._getframe()))  # noqa: SLF001 -- as logging does

    @property
    def faults(self) -> list[str]:
        """The faults, a line each."""
        return [f"{said} ({place})" for (_, said), place in self._places.items()]

    def near(self, environ: Mapping[str, str]) -> Iterator[str]:
        """Yield a warning for each set variable that may be meant for one at fault."""
        others = {name: text for name, text in environ.items() if name not in self.known}
        wanted = {name for name, _ in self._places if len(name) >= _MIN_NAME_LENGTH}
        return near_misses(others, wanted)


def _current_template(frame: FrameType | None) -> tuple[Template, builtins.int]:
    """Return the template that is at work, and its line."""
    while frame is not None:
        template = frame.f_globals.get("__jinja_template__")  # jinja2 puts it there (jinja2.debug)
        if template is not None:
            return template, template.get_corresponding_lineno(frame.f_lineno)
        frame = frame.f_back
    raise AssertionError("no template is at work")


def _current_location(frame: FrameType | None) -> str:
    template, line = _current_template(frame)
    return f"{template.filename}:{line}"


def _is_literal(text: str) -> builtins.bool:
    """Whether the template that is at work says this itself, and has not made it of something."""
    template, _ = _current_template(sys._getframe())  # noqa: SLF001 -- as logging does
    loader, name = template.environment.loader, template.name
    if loader is None or name is None:
        return False
    return text in loader.get_source(template.environment, name)[0]


class Variables:
    """`env` in a template: `env.X`, `env.int("X")`, `env.get("X", "a default")` and so on.

    Every variable X can be given as X_FILE.

    Args:
        environ: names to texts.
        notes: where faults go.
        touched: where values from files are noted: they are taken for secrets.
    """

    def __init__(
        self, environ: Mapping[str, str], notes: VariableErrors, touched: list[object]
    ) -> None:
        self._environ = environ
        self._notes = notes
        self._secrets = touched

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- a text, or what stands for it
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: object) -> Any:  # noqa: ANN401
        if not isinstance(name, str):
            raise TypeError(f"env[{name!r}]: not the name of a variable")
        return self._read(name, _UNSET, str)

    __iter__ = None  # else Python would ask for env[0], env[1] and so on

    def __repr__(self) -> str:
        return "env"  # and no address, which differs from start to start

    def __contains__(self, name: str) -> bool:
        return self._text(name) is not None

    def get(self, name: str, default: object = None) -> Any:  # noqa: ANN401
        """Return a text, or the default where the variable is not set."""
        return self._read(name, default, str)

    def required(self, name: str, message: str = "not set") -> Any:  # noqa: ANN401
        """Return a text; where there is none, the message is told."""
        text = self._text(name)
        said = f"{name}: {message if self._is_showable(message) else 'not set'}"
        return self._record_error(name, said) if text is None else text

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
        """Return whatever the JSON says."""
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
                name, *(f"{name}: {fault}" for fault in self._describe(text, error))
            )

    def _describe(self, text: str, error: InvalidValue) -> Iterator[str]:
        """Yield what is wrong; of a secret only what would be right."""
        for fault in error.messages:
            expected = re.search(r"\(expected .*\)$", fault)
            hidden = f"not what is wanted here {expected[0] if expected else ''}".rstrip()
            yield hidden if text in self._secrets else fault

    def _text(self, name: str) -> Any:  # noqa: ANN401 -- None where it is not set
        self._notes.known |= {name, f"{name}_FILE"}
        given = {key: self._environ[key] for key in (name, f"{name}_FILE") if key in self._environ}
        reading = environment.read(given, [name])
        if fault := reading.faults.get(name) or reading.empty.get(name):
            return self._record_error(name, fault)
        text = reading.values.get(name)
        if text is not None and not given.get(name):
            self._secrets.append(text)
        return text

    def _record_error(self, name: str, *said: str) -> MissingValue:
        for line in said:
            self._note(name, line)
        return MissingValue(lambda: None)

    def _note(self, name: str, said: str) -> None:
        if self._is_showable(name):
            self._notes.add(name, said)
        else:
            self._notes.add(MASK, said.replace(name, MASK))

    def _is_showable(self, text: str) -> builtins.bool:
        """Whether a text of the template's own can be shown: it may be made of a secret in hand."""
        return not self._secrets or _is_literal(text)


def _integer(text: str) -> builtins.int:
    if not _INTEGER.fullmatch(text):
        raise InvalidValue([f"{display(text)}: not a whole number (expected 5432, say)"])
    return int(text)


def _map(text: str) -> object:
    tree = parse_tree(text)
    if not isinstance(tree, tuple):
        raise InvalidValue([f'{display(text)}: not a map (expected {{"a": "b"}}, say)'])
    return _to_python(tree)


def _to_python(tree: Tree) -> object:
    if isinstance(tree, builtins.list):
        return [_to_python(item) for item in tree]
    if not isinstance(tree, tuple):
        return tree
    found = {key: _to_python(value) for key, value in tree}
    if len(found) < len(tree):
        raise InvalidValue(["a key is there twice (expected each key once)"])
    return found


def _json(text: str) -> object:
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidValue([f'{display(text)}: not JSON (expected {{"a": 1}}, say)']) from None
