"""CF_SERVERD_ACCESS and CF_SERVERD_ROLES: JSON lists of more promises of the server's bundle."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import PlainValidator

from entrykit.display import display
from entrykit.errors import InvalidValue
from entrykit.quoting.cfengine import find_cfengine_error
from entrykit.roles.cf_serverd import acl
from entrykit.roles.cf_serverd import types as cf_serverd_types
from entrykit.variables import types

_is_shortcut: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}").fullmatch
_BUILT_IN_SHORTCUT: Final = "masterfiles"
_LISTS: Final[dict[str, Callable[[list[str]], tuple[str, ...]]]] = {
    "admit_ips": acl.parse_entries,
    "admit_hostnames": cf_serverd_types.hostname_entries,
    "admit_keys": cf_serverd_types.digest_entries,
    "deny_ips": acl.parse_entries,
    "deny_hostnames": cf_serverd_types.hostname_entries,
    "deny_keys": cf_serverd_types.digest_entries,
}
_ACCESS_KEYS: Final = ("path", "shortcut", *_LISTS)
_ROLE_KEYS: Final = ("classes", "authorize")

Lists = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Access:
    """One promise of type `access`.

    Attributes:
        path: absolute, of a file or a folder.
        shortcut: the name that clients may ask for in place of the path; None for no such name.
        lists: attributes as policy calls them, `admit_ips` and so on, with what they hold.
    """

    path: str
    shortcut: str | None
    lists: Lists

    def attributes(self, admitted: Lists) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield its lists, and `admitted` where it does not say itself who is admitted."""
        if not any(name.startswith("admit_") for name, _ in self.lists):
            yield from admitted
        yield from self.lists


@dataclass(frozen=True, slots=True)
class Authorization:
    """One promise of type `roles`.

    Attributes:
        classes: a regular expression for names of classes.
        authorize: users who may have cf-runagent define them here.
    """

    classes: str
    authorize: tuple[str, ...]


def parse_access(text: str) -> tuple[Access, ...]:
    """Read a JSON list of objects, each with a path.

    Returns:
        The most specific path first, for readers: cf-serverd takes the longest that fits,
        whatever the order (tried with 3.21).

    Raises:
        Faults: with everything that is wrong, in order.
    """
    expected = '[{"path": "/srv/data", "shortcut": "data"}], say'
    found = _parse_items(text, expected, _ACCESS_KEYS, _make_access)
    faults = [
        f"{display(item)}: there twice" for item in _find_duplicates([one.path for one in found])
    ]
    names = [_BUILT_IN_SHORTCUT, *(one.shortcut for one in found if one.shortcut)]
    faults += [
        f"{display(item)}: a shortcut that is there twice" for item in _find_duplicates(names)
    ]
    if faults:
        raise InvalidValue(faults)
    return tuple(sorted(found, key=lambda one: path_sort_key(one.path)))


def path_sort_key(path: str) -> tuple[int, str]:
    """Return what sorts paths by their depth, the deepest first."""
    return (-len([part for part in path.split("/") if part]), path)


def parse_roles(text: str) -> tuple[Authorization, ...]:
    """Read a JSON list of objects with `classes` and `authorize`.

    Raises:
        Faults: with everything that is wrong, in order.
    """
    expected = '[{"classes": "deploy_.*", "authorize": ["root"]}], say'
    return tuple(_parse_items(text, expected, _ROLE_KEYS, _make_authorization))


def _parse_items(
    text: str, expected: str, known: tuple[str, ...], make: Callable[[dict[str, Any]], Any]
) -> list[Any]:
    found: list[Any] = []
    faults: list[str] = []
    expects = ", ".join(known)
    for place, item in enumerate(_parse_objects(text, expected), start=1):
        unknown = [display(name) for name in item if name not in known]
        faults += [f"entry {place}: {name}: not known (expected {expects})" for name in unknown]
        try:
            found.append(make(item))
        except InvalidValue as error:
            faults += [f"entry {place}: {fault}" for fault in error.messages]
    if faults:
        raise InvalidValue(faults)
    return found


def _parse_objects(text: str, expected: str) -> list[dict[str, Any]]:
    import json

    try:
        tree = json.loads(text, object_pairs_hook=_refuse_duplicate_keys)
    except (ValueError, RecursionError) as error:
        reason = error if isinstance(error, InvalidValue) else "not JSON"
        raise InvalidValue([f"{reason} (expected {expected})"]) from None
    if not isinstance(tree, list) or not all(isinstance(item, dict) for item in tree):
        raise InvalidValue([f"not a JSON list of objects (expected {expected})"])
    return tree


def _refuse_duplicate_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if twice := _find_duplicates([name for name, _ in pairs]):
        raise InvalidValue([f"{display(twice[0])}: there twice in one object"])
    return dict(pairs)


def _find_duplicates(items: list[str]) -> list[str]:
    return [item for item in dict.fromkeys(items) if items.count(item) > 1]


def _make_access(item: dict[str, Any]) -> Access:
    faults: list[str] = []
    path = _collect_errors(faults, "path", lambda: cf_serverd_types.path(_read_text(item, "path")))
    shortcut = (
        _collect_errors(faults, "shortcut", lambda: _read_shortcut(item))
        if "shortcut" in item
        else None
    )
    lists = [
        (name, _collect_errors(faults, name, lambda name=name: _read_list(item, name)))  # type: ignore[misc]
        for name in _LISTS
        if name in item
    ]
    if faults:
        raise InvalidValue(faults)
    return Access(path, shortcut, tuple(lists))


def _collect_errors(faults: list[str], name: str, read: Callable[[], Any]) -> Any:  # noqa: ANN401
    try:
        return read()
    except InvalidValue as error:
        faults += [f"{name}: {fault}" for fault in error.messages]
        return None


def _read_text(item: dict[str, Any], name: str) -> str:
    found = item.get(name)
    if not isinstance(found, str) or not found:
        raise InvalidValue(["not set (expected a text)"])
    if reason := find_cfengine_error(found):
        raise InvalidValue([f"{display(found)}: policy cannot hold it: {reason}"])
    return found


def _read_shortcut(item: dict[str, Any]) -> str:
    found = _read_text(item, "shortcut")
    if not _is_shortcut(found):
        raise InvalidValue(
            [f"{display(found)}: not a shortcut (expected letters, digits, _, . and -)"]
        )
    return found


def _read_list(item: dict[str, Any], name: str) -> tuple[str, ...]:
    return _LISTS[name](_read_strings(item, name))


def _make_authorization(item: dict[str, Any]) -> Authorization:
    faults: list[str] = []
    classes = _collect_errors(
        faults, "classes", lambda: _accept_pattern(_read_text(item, "classes"))
    )
    users = _collect_errors(
        faults, "authorize", lambda: cf_serverd_types.user_entries(_read_strings(item, "authorize"))
    )
    if faults:
        raise InvalidValue(faults)
    return Authorization(classes, users)


def _accept_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise InvalidValue([f"{display(text)}: not a regular expression: {error}"]) from None
    return text


def _read_strings(item: dict[str, Any], name: str) -> list[str]:
    found = item.get(name)
    if not isinstance(found, list) or not found or not all(isinstance(one, str) for one in found):
        raise InvalidValue(["not a list with something in it (expected a list of texts)"])
    return found


AccessList = Annotated[
    tuple[Access, ...], PlainValidator(parse_access), types.TypeInfo("JSON list")
]
RoleList = Annotated[
    tuple[Authorization, ...], PlainValidator(parse_roles), types.TypeInfo("JSON list")
]
