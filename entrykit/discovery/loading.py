"""Import a user-supplied role, check it, and find its lines in tracebacks."""

from __future__ import annotations

import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any, Final

from entrykit.discovery.built_in import ROLE_FILE
from entrykit.discovery.validation import role_errors
from entrykit.errors import RoleError
from entrykit.role import Role

_VARIABLE: Final = "ROLE"
_EXPECTED: Final = f"expected {_VARIABLE} = entrykit.api.Role(…)"

# The loaded roles, by the directory of their code.
_LOADED: Final[dict[str, Role[Any]]] = {}


def load(name: str, folder: str) -> Role[Any]:
    """Import `ROLE` from `role.py` in a directory.

    The file is imported as a package, so it may contain `from .settings import …`.

    Args:
        name: the name of the role, from the name of the directory.
        folder: the directory.

    Raises:
        RoleError: with every error, its file and its line.
    """
    if folder not in _LOADED:
        role = validate_role(name, _import(folder), os.path.join(folder, ROLE_FILE))
        _LOADED[folder] = role
    return _LOADED[folder]


def _import(folder: str) -> object:
    # A dot would separate a parent module's name.
    module_name = f"role {folder}".replace(".", "%2E")
    path = os.path.join(folder, ROLE_FILE)
    spec = spec_from_file_location(module_name, path, submodule_search_locations=[folder])
    assert spec is not None  # noqa: S101 -- None only for suffixes other than .py
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
        raise RoleError([f"{path}: does not define {_VARIABLE} ({_EXPECTED})"])
    return getattr(module, _VARIABLE)


def error_location(error: BaseException, folder: str) -> str | None:
    """Return the innermost line in a directory's files of an error's traceback, as `/path:12`."""
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
    """Return the type and message of an error; some have no message."""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def find_author(error: BaseException) -> str:
    """Return whose code failed: entrykit's, or that of a user-supplied role."""
    for folder, role in _LOADED.items():
        if line := error_location(error, folder):
            return f"the role {role.name}, at {line}"
    # A value that a role returns may fail later, in entrykit's own lines.
    return " or in the role ".join(["entrykit", *(role.name for role in _LOADED.values())])


def register_package_role(name: str, given: object, where: str, folder: str) -> Role[Any]:
    """Check the object that a package's entry point names, and remember its role.

    Args:
        name: the name of the entry point.
        given: the object.
        where: the entry point, for messages.
        folder: the directory of the package.

    Raises:
        RoleError: with every error.
    """
    role = validate_role(name, given, where)
    _LOADED[folder] = role
    return role


def validate_role(name: str, given: object, where: str) -> Role[Any]:
    """Check an object that should be a role, before anything uses it.

    Raises:
        RoleError: with every error.
    """
    if not isinstance(given, Role):
        kind = type(given).__name__
        raise RoleError([f"{_line_of_role(where)}: {_VARIABLE} is of type {kind} ({_EXPECTED})"])
    if messages := role_errors(name, given):
        where = _line_of_role(where)
        raise RoleError(f"{where}: {message}" for message in messages)
    return given


def _line_of_role(where: str) -> str:
    """Append the number of the line that defines ROLE, if `where` is a file with one."""
    if os.path.isfile(where):
        with open(where, encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.startswith(_VARIABLE):
                    return f"{where}:{number}"
    return where
