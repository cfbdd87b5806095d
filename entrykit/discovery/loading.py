"""The code of somebody else's role: imported, judged, and blamed where it fails."""

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
    if messages := role_errors(name, given):
        where = _line_of_role(where)
        raise RoleError(f"{where}: {message}" for message in messages)
    return given


def _line_of_role(where: str) -> str:
    """Add the line in which ROLE is made, if there is a file with one."""
    if os.path.isfile(where):
        with open(where, encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.startswith(_VARIABLE):
                    return f"{where}:{number}"
    return where
