"""The code of somebody else's role: imported, judged, and blamed where it fails."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any, Final

from entrykit.discovery.built_in import ROLE_FILE
from entrykit.errors import RoleError
from entrykit.role import Role
from entrykit.variables.settings import Settings, type_info

_VARIABLE: Final = "ROLE"
_EXPECTED: Final = f"expected {_VARIABLE} = entrykit.role.Role(…)"

# The folders that have been imported from, and the roles of theirs.
_LOADED: Final[dict[str, Role[Any]]] = {}


def load(name: str, folder: str) -> Role[Any]:
    """Import the role of a folder: `ROLE` in `role.py`.

    The file is a package of its own, so that it may say `from .settings import …`; no other
    module sees it.

    Args:
        name: what the folder's name says that the role is called.
        folder: where `role.py` is.

    Raises:
        RoleError: with every fault, its file and its line: it cannot be imported, or has no role.
    """
    if folder not in _LOADED:
        role = validate_role(name, _import(folder), os.path.join(folder, ROLE_FILE))
        _LOADED[folder] = role
    return _LOADED[folder]


def _import(folder: str) -> object:
    # A dot in a module's name would begin the name of another.
    module_name = f"role {folder}".replace(".", "%2E")
    path = os.path.join(folder, ROLE_FILE)
    spec = spec_from_file_location(module_name, path, submodule_search_locations=[folder])
    assert spec is not None  # noqa: S101 -- only for endings that are not Python's
    assert spec.loader is not None  # noqa: S101 -- as above
    module = module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[module_name]
        raise RoleError(
            [f"{error_location(error, folder) or path}: {describe_error(error)}"]
        ) from error
    return _role_object(module, path)


def _role_object(module: ModuleType, path: str) -> object:
    if not hasattr(module, _VARIABLE):
        raise RoleError([f"{path}: no {_VARIABLE} in it ({_EXPECTED})"])
    return getattr(module, _VARIABLE)


def error_location(error: BaseException, folder: str) -> str | None:
    """Return the innermost line of a folder's files that an error came by, as `/path:12`."""
    if isinstance(error, SyntaxError) and _is_within(error.filename or "", folder):
        return f"{error.filename}:{error.lineno}"
    found, step = None, error.__traceback__
    while step is not None:
        path = step.tb_frame.f_code.co_filename
        if _is_within(path, folder):
            found = f"{path}:{step.tb_lineno}"
        step = step.tb_next
    return found


def _is_within(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")


def describe_error(error: BaseException) -> str:
    """Say what an error is, with its kind: some say nothing else."""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def find_author(error: BaseException) -> str:
    """Say whose code failed, for a report: entrykit's own, or that of a role from elsewhere."""
    for folder, role in _LOADED.items():
        if line := error_location(error, folder):
            return f"the role {role.name}, at {line}"
    # What a role gives us fails in lines of ours: a function with other arguments, say.
    return " or of the role ".join(["entrykit", *(role.name for role in _LOADED.values())])


def register_package_role(name: str, given: object, where: str, folder: str) -> Role[Any]:
    """Judge what the entry point of a package is.

    Args:
        name: the entry point's.
        given: the object.
        where: names the entry point in a fault.
        folder: the package's.

    Raises:
        RoleError: with every fault.
    """
    role = validate_role(name, given, where)
    _LOADED[folder] = role
    return role


def validate_role(name: str, given: object, where: str) -> Role[Any]:
    """Find out now what would fail somewhere later, without a word about its cause.

    Raises:
        RoleError: with every fault.
    """
    if not isinstance(given, Role):
        kind = type(given).__name__
        raise RoleError([f"{_line_of_role(where)}: {_VARIABLE} is of type {kind} ({_EXPECTED})"])
    faults = [*_type_errors(given)] or [*_role_errors(name, given)]
    if faults:
        raise RoleError(f"{_line_of_role(where)}: {fault}" for fault in faults)
    return given


_TEXT_FIELDS: Final = ("name", "summary", "main", "daemon", "entrypoint")
_CALLABLE_FIELDS: Final = ("command", "bare", "check", "reads", "makes", "prepare", "environ")


def _type_errors(role: Role[Any]) -> Iterator[str]:
    """Yield what a type checker would have said, for those who have none."""
    given: dict[str, Any] = {field.name: getattr(role, field.name) for field in fields(role)}
    for name in _TEXT_FIELDS:
        if not isinstance(given[name], str) or not given[name].isprintable():
            yield f"{name} is no line of text (expected one)"
    for name in _CALLABLE_FIELDS:
        if not callable(given[name]):
            yield f"{name} is no function (expected one)"
    if not isinstance(given["templates"], str | os.PathLike):
        yield "templates is no path (expected the folder of the templates)"
    quotes = given["quotes"]
    if not isinstance(quotes, Mapping) or not all(map(callable, quotes.values())):
        yield "quotes is no map of functions (expected one for each ending)"


def _role_errors(name: str, role: Role[Any]) -> Iterator[str]:
    if role.name != name:
        yield f"the role is called {role.name!r} (expected {name!r}, as it was found by)"
    yield from _template_errors(role)
    settings: object = role.settings
    if not isinstance(settings, type) or not issubclass(settings, Settings):
        yield "settings is no model (expected a subclass of entrykit.variables.settings.Settings)"
        return
    model = role.settings.model_fields
    if model["config_dir"].is_required():
        yield "config_dir has no default (expected the folder that the daemon's image has)"
    for field, info in model.items():
        try:
            type_info(info)
        except StopIteration:
            yield f"{field} has no kind (expected a type of entrykit.variables.types, or a Literal)"


def _template_errors(role: Role[Any]) -> Iterator[str]:
    if not os.path.isdir(role.templates):
        yield f"no folder {role.templates} (expected the templates)"
        return
    names = sorted(name for name in os.listdir(role.templates) if name.endswith(".j2"))
    if f"{role.main}.j2" not in names:
        yield f"no {role.main}.j2 in {role.templates} (expected the template of `main`)"
    for name in names:
        ending = os.path.splitext(name.removesuffix(".j2"))[1]
        if not name.startswith("_") and ending not in role.quotes:
            yield f"{name}: no quoting for {ending!r} (expected one among `quotes`)"


def _line_of_role(where: str) -> str:
    """Add the line in which ROLE is made, if there is a file with one."""
    if os.path.isfile(where):
        with open(where, encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.startswith(_VARIABLE):
                    return f"{where}:{number}"
    return where
