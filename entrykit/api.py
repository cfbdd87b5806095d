"""What role authors, template authors and their tests import: all of it stays.

>>> from entrykit.api import Check, Daemon, Files, Role, Settings, quote_nginx, types

Everything else of entrykit may change with any release. A name is imported when it is first
asked for, so that a role costs only what it uses.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from entrykit.display import display
    from entrykit.errors import (
        CheckError,
        CommitError,
        EntrykitError,
        HandOverError,
        InvalidValue,
        RenderError,
        RoleError,
        SettingsError,
        UsageError,
        WaitError,
    )
    from entrykit.files.fs import make_folder
    from entrykit.log import Log
    from entrykit.quoting.base import Quote, QuotedText, QuotingError
    from entrykit.quoting.cfengine import quote_cfengine
    from entrykit.quoting.haproxy import quote_haproxy, quote_haproxy_map
    from entrykit.quoting.json import quote_json
    from entrykit.quoting.nginx import quote_nginx, quote_nginx_map
    from entrykit.quoting.shell import quote_shell
    from entrykit.quoting.yaml import quote_yaml
    from entrykit.role import Check, Daemon, Files, HostFacts, Prepare, Role
    from entrykit.routing import Destination, Route
    from entrykit.tls.pem import InvalidPem, refuse_pair
    from entrykit.variables import types
    from entrykit.variables.documents import TypedTree, parse_typed
    from entrykit.variables.metadata import Alias
    from entrykit.variables.parsers import parse_line, parse_secret, split_list
    from entrykit.variables.quantities import parse_integer
    from entrykit.variables.secret import Secret, Snippet, WholeFile
    from entrykit.variables.settings import Settings

# From a module of entrykit to its names that are public; a test compares this with the above.
_MODULES: Final = {
    "display": ("display",),
    "errors": (
        "CheckError",
        "CommitError",
        "EntrykitError",
        "HandOverError",
        "InvalidValue",
        "RenderError",
        "RoleError",
        "SettingsError",
        "UsageError",
        "WaitError",
    ),
    "files.fs": ("make_folder",),
    "log": ("Log",),
    "quoting.base": ("Quote", "QuotedText", "QuotingError"),
    "quoting.cfengine": ("quote_cfengine",),
    "quoting.haproxy": ("quote_haproxy", "quote_haproxy_map"),
    "quoting.json": ("quote_json",),
    "quoting.nginx": ("quote_nginx", "quote_nginx_map"),
    "quoting.shell": ("quote_shell",),
    "quoting.yaml": ("quote_yaml",),
    "role": ("Check", "Daemon", "Files", "HostFacts", "Prepare", "Role"),
    "routing": ("Destination", "Route"),
    "tls.pem": ("InvalidPem", "refuse_pair"),
    "variables": ("types",),
    "variables.documents": ("TypedTree", "parse_typed"),
    "variables.quantities": ("parse_integer",),
    "variables.metadata": ("Alias",),
    "variables.parsers": ("parse_line", "parse_secret", "split_list"),
    "variables.secret": ("Secret", "Snippet", "WholeFile"),
    "variables.settings": ("Settings",),
}
_HOMES: Final = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "Alias",
    "Check",
    "CheckError",
    "CommitError",
    "Daemon",
    "Destination",
    "EntrykitError",
    "Files",
    "HandOverError",
    "HostFacts",
    "InvalidPem",
    "InvalidValue",
    "Log",
    "Prepare",
    "Quote",
    "QuotedText",
    "QuotingError",
    "RenderError",
    "Role",
    "RoleError",
    "Route",
    "Secret",
    "Settings",
    "SettingsError",
    "Snippet",
    "TypedTree",
    "UsageError",
    "WaitError",
    "WholeFile",
    "display",
    "make_folder",
    "parse_integer",
    "parse_line",
    "parse_secret",
    "parse_typed",
    "quote_cfengine",
    "quote_haproxy",
    "quote_haproxy_map",
    "quote_json",
    "quote_nginx",
    "quote_nginx_map",
    "quote_shell",
    "quote_yaml",
    "refuse_pair",
    "split_list",
    "types",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "types":
        return import_module("entrykit.variables.types")
    return getattr(import_module(f"entrykit.{_HOMES[name]}"), name)
