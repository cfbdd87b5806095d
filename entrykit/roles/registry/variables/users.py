"""Users and their password hashes; the registry only supports bcrypt."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import PlainValidator

from entrykit.errors import InvalidValue
from entrykit.variables import types
from entrykit.variables.parsers import parse_line
from entrykit.variables.secret import Secret

_HASH: Final = re.compile(r"\$2[aby]\$(?:0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")
HASH_HINT: Final = (
    "expected user:hash with bcrypt, as `htpasswd -nB USER` prints it; `mkpasswd -m bcrypt` prints "
    "the hash alone; in a Compose file, write each $ as $$"
)


def parse_users(text: str) -> Secret:
    """Parse `user:hash` on lines of their own or separated by commas; # begins a comment."""
    entries = [entry.strip() for entry in re.split(r"[\n,]", text.replace("\r\n", "\n"))]
    entries = [entry for entry in entries if entry and not entry.startswith("#")]
    errors, seen = [] if entries else [f"no users ({HASH_HINT})"], set()
    for number, entry in enumerate(entries, start=1):
        name, colon, digest = entry.partition(":")
        if not colon or not name or not _HASH.fullmatch(digest):
            errors.append(f"entry {number}: not a bcrypt hash ({HASH_HINT})")
        elif parse_line(name) in seen:
            errors.append(f"entry {number}: duplicate user (expected each user once)")
        seen.add(name)
    if errors:
        raise InvalidValue(errors)
    return Secret("\n".join(entries))


def has_bcrypt_hash(line: str) -> bool:
    """Whether the registry accepts a line of a password file."""
    name, _, digest = line.partition(":")
    return bool(name) and _HASH.fullmatch(digest) is not None


Users = Annotated[
    Secret, PlainValidator(parse_users), types.TypeInfo("lines user:hash", secret=True)
]
