"""Check a user-supplied role when it is loaded, so that a start does not fail in the middle of it.

All that is wrong is reported at once, by the field's name as `Role` has it.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from entrykit.role import Check, Daemon, Files, HostFacts, Prepare, Role
from entrykit.variables.metadata import secret_errors, type_info
from entrykit.variables.settings import Settings

_PARTS: Final = {"files": Files, "daemon": Daemon, "check": Check, "prepare": Prepare}
_TEXTS: Final = ("name", "summary", "files.main", "daemon.entrypoint", "daemon.package")
_WORDS: Final = ("daemon.names", "check.argv")

# Every function that a role may have, with its arguments in their order.
SIGNATURES: Final[Mapping[str, tuple[str, ...]]] = {
    "files.include": ("settings", "path"),
    "daemon.run": ("settings",),
    "daemon.complete": ("settings", "command"),
    "daemon.without_entrypoint": ("command",),
    "daemon.reads": ("command", "main"),
    "daemon.subcommands": ("word",),
    "daemon.passthrough": ("command", "environ"),
    "daemon.environ": ("settings", "environ"),
    "check.run": ("argv", "environ"),
    "prepare.stage": ("settings", "folder", "log"),
    "prepare.host": ("settings", "log"),
    "routes": ("settings",),
    "rules": ("settings",),
}
_OPTIONAL: Final = {"check.run", "routes"}


def role_errors(name: str, role: Role[Any]) -> list[str]:
    """Return what is wrong with a role, a message each.

    Args:
        name: what it was found by.
        role: it.
    """
    return [*_part_errors(role)] or [*_field_errors(role)] or [*_content_errors(name, role)]


def _part_errors(role: Role[Any]) -> Iterator[str]:
    for name, part in _PARTS.items():
        given = getattr(role, name)
        if not isinstance(given, part):
            yield f"{name} is of type {_type_name(given)} (expected {part.__name__})"


def _field_errors(role: Role[Any]) -> Iterator[str]:
    """Yield what a type checker would report."""
    for name in _TEXTS:
        if not isinstance(_get(role, name), str) or not _get(role, name).isprintable():
            yield f"{name} is not a line of text"
    for name in _WORDS:
        yield from _word_errors(name, _get(role, name))
    if not callable(role.daemon.run):
        yield from _word_errors("daemon.run", role.daemon.run)
    yield from _function_errors(role)
    yield from _quoting_errors(role.files.quoting)
    templates: object = role.files.templates
    if not isinstance(templates, str | os.PathLike | None):
        yield "files.templates is not a path (expected the directory of the templates)"
    if not _is_subclass(role.settings, Settings):
        yield "settings is not a model (expected a subclass of entrykit.api.Settings)"
    if not _is_subclass(role.facts, HostFacts):
        yield "facts is not a class of facts (expected a subclass of entrykit.api.HostFacts)"


def _get(role: Role[Any], name: str) -> Any:  # noqa: ANN401 -- whatever the author has put there
    part, _, field = name.rpartition(".")
    return getattr(getattr(role, part) if part else role, field)


def _type_name(value: object) -> str:
    return type(value).__name__


def _is_subclass(given: object, wanted: type) -> bool:
    return isinstance(given, type) and issubclass(given, wanted)


def _word_errors(name: str, given: object) -> Iterator[str]:
    """Refuse a text, whose letters would be taken for words."""
    if isinstance(given, str) or not isinstance(given, Sequence) or not given:
        yield f'{name} is of type {_type_name(given)} (expected a list of words, e.g. ["nginx"])'
    elif not all(isinstance(word, str) for word in given):
        yield f"{name} has words that are not text"


def _function_errors(role: Role[Any]) -> Iterator[str]:
    for name, parameters in SIGNATURES.items():
        given = _get(role, name)
        if (given is None and name in _OPTIONAL) or (name == "daemon.run" and not callable(given)):
            continue
        if not callable(given):
            yield f"{name} is not a function (expected one of ({', '.join(parameters)}))"
        elif not accepts(given, len(parameters)):
            signature = inspect.signature(given)
            yield f"{name} is called with ({', '.join(parameters)}), and takes {signature}"


def accepts(function: Callable[..., object], count: int) -> bool:
    """Whether a function can be called with so many arguments, none of them by name."""
    try:
        inspect.signature(function).bind(*[None] * count)
    except TypeError:
        return False
    except ValueError:  # a builtin that does not tell
        return True
    return True


def _quoting_errors(quoting: object) -> Iterator[str]:
    if not isinstance(quoting, Mapping) or not quoting:
        yield 'files.quoting is not a map (expected, e.g., {".conf": quote_nginx})'
        return
    for suffix, quote in quoting.items():
        if not callable(quote) or not accepts(quote, 1):
            yield f"files.quoting: {suffix!r} has no function of one value"


def _content_errors(name: str, role: Role[Any]) -> Iterator[str]:
    if role.name != name:
        yield f"the role is called {role.name!r} (expected {name!r}, as it was found by)"
    yield from _template_errors(role)
    yield from _model_errors(role.settings)


def _template_errors(role: Role[Any]) -> Iterator[str]:
    folder, main = role.templates, role.files.main
    if not os.path.isdir(folder):
        yield f"no directory {folder} (expected the templates)"
        return
    names = sorted(name for name in os.listdir(folder) if name.endswith(".j2"))
    if f"{main}.j2" not in names:
        yield f"no {main}.j2 in {folder} (expected the template of files.main)"
    yield from _suffix_errors(names, role.files.quoting)


def _suffix_errors(names: Collection[str], quoting: Collection[str]) -> Iterator[str]:
    for name in names:
        suffix = os.path.splitext(name.removesuffix(".j2"))[1]
        if not name.startswith("_") and suffix not in quoting:
            yield f"{name}: no quoting for {suffix!r} (expected one in files.quoting)"


def _model_errors(model: type[Settings]) -> Iterator[str]:
    fields = model.model_fields
    if fields["config_dir"].is_required():
        yield "config_dir has no default (expected the directory that the daemon's image has)"
    for name, field in fields.items():
        try:
            type_info(field)
        except StopIteration:
            yield f"{name} has no documented type (expected one of entrykit.api.types or a Literal)"
            return
    yield from secret_errors(model)
