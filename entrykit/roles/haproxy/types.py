"""The types of variables of the haproxy role."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import PlainValidator

from entrykit.display import display
from entrykit.domains.entries import App, parse_domains
from entrykit.errors import InvalidValue
from entrykit.roles.haproxy.backends import DEFAULT_PORTS
from entrykit.variables import types
from entrykit.variables.parsers import parse_line


def domains(text: str) -> tuple[App, ...]:
    """Parse DOMAINS, where an app without a port has a default port."""
    return parse_domains(text, ports=DEFAULT_PORTS)


def user(text: str) -> str:
    """Accept the name of a user: in Basic authentication a colon ends it (RFC 7617, 2)."""
    if ":" in parse_line(text):
        raise InvalidValue([f"{display(text)}: has a colon (expected a name without one)"])
    return text


def thumbprint(text: str) -> str:
    """Accept the thumbprint of an ACME account: SHA-256 in base64url (RFC 8555, 8.1; RFC 7638)."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{43}", text):
        raise InvalidValue(
            [f"{display(text)}: not a thumbprint (expected 43 letters, digits, - or _)"]
        )
    return text


Domains = Annotated[
    tuple[App, ...],
    PlainValidator(domains),
    types.TypeInfo("app:domain,domain …"),
]
User = Annotated[
    str,
    PlainValidator(user),
    types.TypeInfo("text", {"type": "string", "pattern": r"^[^:\x00-\x1f\x7f]*$"}),
]
Thumbprint = Annotated[
    str,
    PlainValidator(thumbprint),
    types.TypeInfo("thumbprint", {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"}),
]
