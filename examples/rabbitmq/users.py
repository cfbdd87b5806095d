"""Users: RABBITMQ_USERS as a list, and the definitions that RabbitMQ imports at each boot."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final

from pydantic import PlainValidator

from entrykit.api import (
    InvalidValue,
    Secret,
    TypedTree,
    display,
    parse_secret,
    parse_typed,
    split_list,
    types,
)

_RIGHTS: Final = ("configure", "write", "read")
_KEYS: Final = {"name", "password", "tags", "permissions"}
ALL: Final = dict.fromkeys(_RIGHTS, ".*")
_EXPECTED: Final = 'expected [{"name": "app", "password": "…", "permissions": {"/": ".*"}}]'


@dataclass(frozen=True)
class User:
    """One user.

    Attributes:
        name: as it logs in.
        password: the plain text.
        tags: `administrator`, `monitoring`, `management` …
        permissions: virtual hosts to the regular expressions of what may be configured, written
            and read there.
    """

    name: str
    password: Secret
    tags: tuple[str, ...] = ()
    permissions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class UserList(Secret):
    """The variable's text, with the users that it means."""

    __slots__ = ("users",)

    def __init__(self, text: str, users: Iterable[User]) -> None:
        super().__init__(text)
        self.users = tuple(users)


def user_list(text: str) -> UserList:
    """Parse a JSON or YAML list of users; errors never show a password."""
    tree = parse_typed(text)
    if not isinstance(tree, list) or not tree:
        raise InvalidValue([f"not a list of users ({_EXPECTED})"])
    found: list[User] = []
    errors: list[str] = []
    for number, item in enumerate(tree, start=1):
        try:
            found.append(_user(item))
        except InvalidValue as error:
            errors += [f"user {number}: {message}" for message in error.messages]
    names = [user.name for user in found]
    twice = sorted({each for each in names if names.count(each) > 1})
    errors += [f"{display(each)}: there twice (expected each name once)" for each in twice]
    if errors:
        raise InvalidValue(errors)
    return UserList(text, found)


def _user(item: TypedTree) -> User:
    if not isinstance(item, dict):
        raise InvalidValue([f"not a map ({_EXPECTED})"])
    errors = [_unknown(key) for key in item.keys() - _KEYS]
    errors += [
        f"{key}: not a text (expected one, in quotes if it is a number)"
        for key in ("name", "password")
        if not isinstance(item.get(key), str) or not item[key]
    ]
    if errors:
        raise InvalidValue(sorted(errors))
    return User(
        str(item["name"]),
        parse_secret(str(item["password"])),
        _tags(item.get("tags", [])),
        _permissions(item.get("permissions", {})),
    )


_LISTED: Final = "name, password, tags, permissions"


def _unknown(key: str) -> str:
    # To YAML, {password:made-up} is a map whose key has the password in it.
    if re.fullmatch("[a-z_]+", key):
        return f"{display(key)}: no such key (expected {_LISTED})"
    return f"a key that is no word (expected {_LISTED}, and a blank after each colon)"


def _tags(tree: TypedTree) -> tuple[str, ...]:
    tags = split_list(tree) if isinstance(tree, str) else tree
    if not isinstance(tags, list) or not all(isinstance(tag, str) and tag for tag in tags):
        raise InvalidValue(["tags: not a list of texts (e.g. administrator or monitoring)"])
    return tuple(map(str, tags))


def _permissions(tree: TypedTree) -> dict[str, dict[str, str]]:
    if not isinstance(tree, dict):
        raise InvalidValue(['permissions: not a map of virtual hosts (e.g. {"/": ".*"})'])
    return {vhost: _rights(vhost, given) for vhost, given in tree.items()}


def _rights(vhost: str, given: TypedTree) -> dict[str, str]:
    """Read one expression for all three, or a map of them; what is left out is not allowed."""
    if isinstance(given, str):
        return dict.fromkeys(_RIGHTS, given)
    texts = isinstance(given, dict) and all(isinstance(text, str) for text in given.values())
    if not isinstance(given, dict) or not texts or given.keys() - {*_RIGHTS}:
        expected = "expected a regular expression, or a map with configure, write and read"
        raise InvalidValue([f"permissions: {display(vhost)}: no expressions ({expected})"])
    return {right: str(given.get(right, "^$")) for right in _RIGHTS}


def definitions(users: Iterable[User], vhosts: Iterable[str]) -> Secret:
    """Write what RabbitMQ imports at each boot (its guide "Schema Definition Export and Import").

    Args:
        users: their passwords become hashes: `password_hash` of the guide "Credentials and
            Passwords", SHA-256 with a salt of 32 bits.
        vhosts: virtual hosts that there are beside those of the permissions.
    """
    known = list(users)
    named = [vhost for user in known for vhost in user.permissions]
    tree = {
        "vhosts": [{"name": vhost} for vhost in dict.fromkeys([*vhosts, *named])],
        "users": [_defined(user) for user in known],
        "permissions": [
            {"user": user.name, "vhost": vhost, **rights}
            for user in known
            for vhost, rights in user.permissions.items()
        ],
    }
    return Secret(json.dumps(tree, ensure_ascii=False, indent=1))


def _defined(user: User) -> dict[str, object]:
    return {
        "name": user.name,
        "password_hash": hashed(user),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": list(user.tags),
    }


def hashed(user: User) -> str:
    """Hash a password as RabbitMQ does; the salt is not random: equal variables, equal bytes.

    It differs from user to user and from password to password, so no table made beforehand is
    of use.
    """
    password = user.password.reveal().encode()
    salt = hashlib.sha256(b"\0".join([b"entrykit", user.name.encode(), password])).digest()[:4]
    return base64.b64encode(salt + hashlib.sha256(salt + password).digest()).decode()


Users = Annotated[UserList, PlainValidator(user_list), types.TypeInfo("list of users", secret=True)]
