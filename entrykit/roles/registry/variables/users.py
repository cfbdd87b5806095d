"""Users and the hashes of their passwords, as the registry reads them: bcrypt alone."""

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
    "expected user:hash with bcrypt, as `htpasswd -nB USER` writes it, or `mkpasswd -m bcrypt` "
    "the hash alone; in a Compose file every $ is written $$"
)


def parse_users(text: str) -> Secret:
    """Accept lines `user:bcrypt-hash`, or such items with commas; # begins a comment."""
    entries = [entry.strip() for entry in re.split(r"[\n,]", text.replace("\r\n", "\n"))]
    entries = [entry for entry in entries if entry and not entry.startswith("#")]
    faults, seen = [] if entries else [f"no user ({HASH_HINT})"], set()
    for number, entry in enumerate(entries, start=1):
        name, colon, digest = entry.partition(":")
        if not colon or not name or not _HASH.fullmatch(digest):
            faults.append(f"entry {number}: no bcrypt hash ({HASH_HINT})")
        elif parse_line(name) in seen:
            faults.append(f"entry {number}: a user for the second time (expected each once)")
        seen.add(name)
    if faults:
        raise InvalidValue(faults)
    return Secret("\n".join(entries))


def has_bcrypt_hash(line: str) -> bool:
    """Whether a line of a password file is one that the registry can use."""
    name, _, digest = line.partition(":")
    return bool(name) and _HASH.fullmatch(digest) is not None


Users = Annotated[
    Secret, PlainValidator(parse_users), types.TypeInfo("lines user:hash", secret=True)
]
