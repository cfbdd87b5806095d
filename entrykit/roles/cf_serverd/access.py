"""CF_SERVERD_ACCESS and CF_SERVERD_ROLES: JSON lists of more promises of the server's bundle."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import PlainValidator

from entrykit.display import shown
from entrykit.errors import Faults
from entrykit.quoting.cfengine import cfengine_refusal
from entrykit.roles.cf_serverd import acl
from entrykit.roles.cf_serverd import types as cf_serverd_types
from entrykit.variables import types

_is_shortcut: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}").fullmatch
_OURS: Final = "masterfiles"
_LISTS: Final[dict[str, Callable[[list[str]], tuple[str, ...]]]] = {
    "admit_ips": acl.entries,
    "admit_hostnames": cf_serverd_types.hostname_entries,
    "admit_keys": cf_serverd_types.digest_entries,
    "deny_ips": acl.entries,
    "deny_hostnames": cf_serverd_types.hostname_entries,
    "deny_keys": cf_serverd_types.digest_entries,
}
_ACCESS: Final = ("path", "shortcut", *_LISTS)
_ROLE: Final = ("classes", "authorize")

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


def access(text: str) -> tuple[Access, ...]:
    """Read a JSON list of objects, each with a path.

    Returns:
        The most specific path first, for readers: cf-serverd takes the longest that fits,
        whatever the order (tried with 3.21).

    Raises:
        Faults: with everything that is wrong, in order.
    """
    expected = '[{"path": "/srv/data", "shortcut": "data"}], say'
    found = _each(text, expected, _ACCESS, _access)
    faults = [f"{shown(item)}: there twice" for item in _twice([one.path for one in found])]
    names = [_OURS, *(one.shortcut for one in found if one.shortcut)]
    faults += [f"{shown(item)}: a shortcut that is there twice" for item in _twice(names)]
    if faults:
        raise Faults(faults)
    return tuple(sorted(found, key=lambda one: specific_first(one.path)))


def specific_first(path: str) -> tuple[int, str]:
    """Return what sorts paths by their depth, the deepest first."""
    return (-len([part for part in path.split("/") if part]), path)


def roles(text: str) -> tuple[Authorization, ...]:
    """Read a JSON list of objects with `classes` and `authorize`.

    Raises:
        Faults: with everything that is wrong, in order.
    """
    expected = '[{"classes": "deploy_.*", "authorize": ["root"]}], say'
    return tuple(_each(text, expected, _ROLE, _role))


def _each(
    text: str, expected: str, known: tuple[str, ...], make: Callable[[dict[str, Any]], Any]
) -> list[Any]:
    found: list[Any] = []
    faults: list[str] = []
    expects = ", ".join(known)
    for place, item in enumerate(_objects(text, expected), start=1):
        unknown = [shown(name) for name in item if name not in known]
        faults += [f"entry {place}: {name}: not known (expected {expects})" for name in unknown]
        try:
            found.append(make(item))
        except Faults as error:
            faults += [f"entry {place}: {fault}" for fault in error.faults]
    if faults:
        raise Faults(faults)
    return found


def _objects(text: str, expected: str) -> list[dict[str, Any]]:
    import json

    try:
        tree = json.loads(text, object_pairs_hook=_without_twins)
    except (ValueError, RecursionError) as error:
        reason = error if isinstance(error, Faults) else "not JSON"
        raise Faults([f"{reason} (expected {expected})"]) from None
    if not isinstance(tree, list) or not all(isinstance(item, dict) for item in tree):
        raise Faults([f"not a JSON list of objects (expected {expected})"])
    return tree


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if twice := _twice([name for name, _ in pairs]):
        raise Faults([f"{shown(twice[0])}: there twice in one object"])
    return dict(pairs)


def _twice(items: list[str]) -> list[str]:
    return [item for item in dict.fromkeys(items) if items.count(item) > 1]


def _access(item: dict[str, Any]) -> Access:
    faults: list[str] = []
    path = _told(faults, "path", lambda: cf_serverd_types.path(_text(item, "path")))
    shortcut = _told(faults, "shortcut", lambda: _shortcut(item)) if "shortcut" in item else None
    lists = [
        (name, _told(faults, name, lambda name=name: _list(item, name)))  # type: ignore[misc]
        for name in _LISTS
        if name in item
    ]
    if faults:
        raise Faults(faults)
    return Access(path, shortcut, tuple(lists))


def _told(faults: list[str], name: str, read: Callable[[], Any]) -> Any:  # noqa: ANN401
    try:
        return read()
    except Faults as error:
        faults += [f"{name}: {fault}" for fault in error.faults]
        return None


def _text(item: dict[str, Any], name: str) -> str:
    found = item.get(name)
    if not isinstance(found, str) or not found:
        raise Faults(["not set (expected a text)"])
    if reason := cfengine_refusal(found):
        raise Faults([f"{shown(found)}: policy cannot hold it: {reason}"])
    return found


def _shortcut(item: dict[str, Any]) -> str:
    found = _text(item, "shortcut")
    if not _is_shortcut(found):
        raise Faults([f"{shown(found)}: not a shortcut (expected letters, digits, _, . and -)"])
    return found


def _list(item: dict[str, Any], name: str) -> tuple[str, ...]:
    return _LISTS[name](_strings(item, name))


def _role(item: dict[str, Any]) -> Authorization:
    faults: list[str] = []
    classes = _told(faults, "classes", lambda: _pattern(_text(item, "classes")))
    users = _told(
        faults, "authorize", lambda: cf_serverd_types.user_entries(_strings(item, "authorize"))
    )
    if faults:
        raise Faults(faults)
    return Authorization(classes, users)


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise Faults([f"{shown(text)}: not a regular expression: {error}"]) from None
    return text


def _strings(item: dict[str, Any], name: str) -> list[str]:
    found = item.get(name)
    if not isinstance(found, list) or not found or not all(isinstance(one, str) for one in found):
        raise Faults(["not a list with something in it (expected a list of texts)"])
    return found


AccessList = Annotated[tuple[Access, ...], PlainValidator(access), types.Kind("JSON list")]
RoleList = Annotated[tuple[Authorization, ...], PlainValidator(roles), types.Kind("JSON list")]
