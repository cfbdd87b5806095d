"""CF_SERVERD_ACCESS and CF_SERVERD_ROLES: JSON lists of further promises for the server bundle."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final

from entrykit.display import display
from entrykit.errors import InvalidValue
from entrykit.quoting.cfengine import find_cfengine_error
from entrykit.roles.cf_serverd import acl
from entrykit.roles.cf_serverd import types as cf_serverd_types
from entrykit.variables.documents import TypedTree, parse_json
from entrykit.variables.metadata import TypeInfo
from entrykit.variables.schema import Check, check_records, check_string, check_strings

_is_shortcut: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}").fullmatch
_BUILT_IN_SHORTCUT: Final = "masterfiles"
Lists = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Access:
    """One promise of type `access`.

    Attributes:
        path: absolute, of a file or a directory.
        shortcut: the name that clients may request instead of the path; None if there is none.
        lists: attributes of the promise (`admit_ips` and so on) with their values.
    """

    path: str
    shortcut: str | None
    lists: Lists

    def attributes(self, admitted: Lists) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield its lists, preceded by `admitted` if none of them admits anyone."""
        if not any(name.startswith("admit_") for name, _ in self.lists):
            yield from admitted
        yield from self.lists


@dataclass(frozen=True, slots=True)
class Authorization:
    """One promise of type `roles`.

    Attributes:
        classes: a regular expression for class names.
        authorize: users who may define them here with cf-runagent.
    """

    classes: str
    authorize: tuple[str, ...]


def parse_access(text: str) -> tuple[Access, ...]:
    """Parse a JSON list of objects, each with a path.

    Returns:
        The most specific path first, for readers: cf-serverd takes the longest match,
        whatever the order (tried with 3.21).

    Raises:
        InvalidValue: with every error, in order.
    """
    found = [_build_access(record) for record in _parse_list(text, _ACCESS_KEYS, ("path",))]
    errors = [
        f"{display(item)}: duplicate path" for item in _find_duplicates([one.path for one in found])
    ]
    names = [_BUILT_IN_SHORTCUT, *(one.shortcut for one in found if one.shortcut)]
    errors += [f"{display(item)}: duplicate shortcut" for item in _find_duplicates(names)]
    if errors:
        raise InvalidValue(errors)
    return tuple(sorted(found, key=lambda one: path_sort_key(one.path)))


def path_sort_key(path: str) -> tuple[int, str]:
    """Return a sort key that puts the deepest path first."""
    return (-len([part for part in path.split("/") if part]), path)


def parse_roles(text: str) -> tuple[Authorization, ...]:
    """Parse a JSON list of objects with `classes` and `authorize`.

    Raises:
        InvalidValue: with every error, in order.
    """
    records = _parse_list(text, _ROLE_KEYS, ("classes", "authorize"))
    return tuple(Authorization(record["classes"], record["authorize"]) for record in records)


def _parse_list(
    text: str, keys: Mapping[str, Check], required: tuple[str, ...]
) -> list[dict[str, Any]]:
    return check_records(parse_json(text), keys, required)


def _find_duplicates(items: list[str]) -> list[str]:
    return [item for item in dict.fromkeys(items) if items.count(item) > 1]


def _build_access(record: dict[str, Any]) -> Access:
    lists = tuple((name, record[name]) for name in _LISTS if name in record)
    return Access(record["path"], record.get("shortcut"), lists)


def _check_text(value: TypedTree) -> str:
    found = check_string(value)
    if reason := find_cfengine_error(found):
        raise InvalidValue([f"{display(found)}: cannot be written into a policy: {reason}"])
    return found


def _check_path(value: TypedTree) -> str:
    return cf_serverd_types.parse_path(_check_text(value))


def _check_shortcut(value: TypedTree) -> str:
    found = _check_text(value)
    if not _is_shortcut(found):
        raise InvalidValue(
            [f"{display(found)}: not a shortcut (expected 1 to 64 letters, digits, _, . and -)"]
        )
    return found


def _check_pattern(value: TypedTree) -> str:
    found = _check_text(value)
    try:
        re.compile(found)
    except re.error as error:
        raise InvalidValue([f"{display(found)}: not a regular expression: {error}"]) from None
    return found


def _check_list(parse: Callable[[list[str]], tuple[str, ...]], value: TypedTree) -> tuple[str, ...]:
    """Accept a non-empty list: an empty one would admit everyone or no one."""
    found = check_strings(value)
    if not found:
        raise InvalidValue(['an empty list (expected e.g. ["a", "b"])'])
    return parse(found)


_LISTS: Final[Mapping[str, Check]] = {
    "admit_ips": partial(_check_list, acl.parse_entries),
    "admit_hostnames": partial(_check_list, cf_serverd_types.parse_hostname_entries),
    "admit_keys": partial(_check_list, cf_serverd_types.parse_digest_entries),
    "deny_ips": partial(_check_list, acl.parse_entries),
    "deny_hostnames": partial(_check_list, cf_serverd_types.parse_hostname_entries),
    "deny_keys": partial(_check_list, cf_serverd_types.parse_digest_entries),
}
_ACCESS_KEYS: Final[Mapping[str, Check]] = {
    "path": _check_path,
    "shortcut": _check_shortcut,
    **_LISTS,
}
_ROLE_KEYS: Final[Mapping[str, Check]] = {
    "classes": _check_pattern,
    "authorize": partial(_check_list, cf_serverd_types.parse_user_entries),
}

AccessList = Annotated[tuple[Access, ...], TypeInfo("JSON list", parse=parse_access)]
RoleList = Annotated[tuple[Authorization, ...], TypeInfo("JSON list", parse=parse_roles)]
