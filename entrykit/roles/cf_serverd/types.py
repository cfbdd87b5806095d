"""The kinds of values that only cf-serverd has."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Final, Literal

from pydantic import PlainValidator

from entrykit.display import display
from entrykit.errors import InvalidValue
from entrykit.quoting.cfengine import find_cfengine_error
from entrykit.roles.cf_serverd.acl import refuse_empty
from entrykit.variables import types
from entrykit.variables.parsers import parse_addresses, parse_folder, parse_line, split_list
from entrykit.variables.secret import Secret, WholeFile

# A digest of a client's key, as `cf-key -p` prints it.
_is_digest: Final = re.compile(r"SHA=[0-9a-f]{64}|MD5=[0-9a-f]{32}").fullmatch
_is_hostname: Final = re.compile(
    r"\.?(?=[A-Za-z0-9])[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*"
).fullmatch
_is_user: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}").fullmatch


def path(text: str) -> str:
    """Accept an absolute path that policy can hold."""
    found = parse_folder(text)
    if reason := find_cfengine_error(found):
        raise InvalidValue([f"{display(text)}: policy cannot hold it: {reason}"])
    return found


def shell_safe_path(text: str) -> str:
    """Accept such a path that a shell takes as it is between double quotes.

    cf-serverd has sh(1) run cf-promises with it, and where that fails it starts with a policy of
    its own, on every address (tried with 3.21, 3.24 and 3.27).
    """
    found = path(text)
    if any(char in found for char in '"$`\\'):
        expected = 'expected a path without ", $, ` and \\'
        raise InvalidValue([f"{display(text)}: cf-serverd gives it to a shell ({expected})"])
    return found


def interface(text: str) -> str:
    """Parse one IP address: of a device's name, cf-serverd makes a failure to start."""
    found = parse_addresses(text)
    if len(found) != 1:
        raise InvalidValue(
            [f"{display(text)}: several addresses (expected one: 0.0.0.0 and :: are all)"]
        )
    return found[0]


def users(text: str) -> tuple[str, ...]:
    """Parse a list of users, who are the names that cf-runagent gives."""
    return user_entries(refuse_empty(split_list(text)))


def user_entries(items: list[str]) -> tuple[str, ...]:
    """Do the same for the items of a list."""
    return _accept_each(items, _is_user, "not a user's name (expected root, say)")


def hostnames(text: str) -> tuple[str, ...]:
    """Parse a list of host names; one that begins with a dot is all below a domain."""
    return hostname_entries(refuse_empty(split_list(text)))


def hostname_entries(items: list[str]) -> tuple[str, ...]:
    """Do the same for the items of a list."""
    expected = "expected host.example.com, or .example.com for all below it"
    return _accept_each(items, _is_hostname, f"not a host's name ({expected})")


def digests(text: str) -> tuple[str, ...]:
    """Parse a list of keys' digests."""
    return digest_entries(refuse_empty(split_list(text)))


def digest_entries(items: list[str]) -> tuple[str, ...]:
    """Do the same for the items of a list."""
    expected = "expected what `cf-key -p` prints: MD5= or SHA= and hexadecimal digits"
    return _accept_each(items, _is_digest, f"not a key's digest ({expected})")


def _accept_each(
    items: list[str], accepts: Callable[[str], object], reason: str
) -> tuple[str, ...]:
    if wrong := [item for item in items if not accepts(item)]:
        raise InvalidValue([f"{display(item)}: {reason}" for item in wrong])
    return tuple(dict.fromkeys(items))


def pem(text: str) -> Secret:
    """Accept a key in PEM; what is wrong is said without showing it."""
    if "\0" in text or not re.search(r"^-----BEGIN [A-Z ]*KEY-----", text, re.MULTILINE):
        raise InvalidValue(
            ["not a key in PEM (expected -----BEGIN RSA … KEY----- and what follows)"]
        )
    return Secret(text)


def policy(text: str) -> WholeFile:
    """Accept a whole policy; cf-promises is its judge."""
    if "\0" in text:
        raise InvalidValue(["has a NUL (expected a policy)"])
    return WholeFile(text)


def ciphers(text: str) -> str:
    """Accept what OpenSSL can make at least one cipher of.

    cf-serverd gives what begins with TLS_ to SSL_CTX_set_ciphersuites(3), and the rest to
    SSL_CTX_set_cipher_list(3). Where either finds nothing it says so and ends with 0; and a
    name that OpenSSL does not know is dropped in silence (tried with 3.21).
    """
    parse_line(text)
    names = text.split(":")
    faults = [f"{display(name)}: {reason}" for name in names if (reason := _check_cipher(name))]
    rest = [name for name in names if not name.startswith("TLS_")]
    if not faults and rest and not _is_accepted_by_openssl(":".join(rest)):
        faults = [f"{display(text)}: OpenSSL makes no cipher of it (expected HIGH:!aNULL, say)"]
    if faults:
        raise InvalidValue(faults)
    return text


# RFC 8446, B.4; OpenSSL enables the first three by default.
_SUITES: Final = frozenset(
    (
        "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256",
    )
)  # fmt: skip
_is_cipher_word: Final = re.compile(
    r"[!+-]?[A-Za-z0-9_+-]+(?:=[0-9])?|@[A-Z]+(?:=[0-5])?"
).fullmatch


def _check_cipher(name: str) -> str | None:
    if name.startswith("TLS_"):
        known = ", ".join(sorted(_SUITES))
        return None if name in _SUITES else f"no suite of TLS 1.3 (expected one of {known})"
    if not _is_cipher_word(name):
        return "not a word of a cipher list (expected names with : between them)"
    if name[0] in "!-+@" or _is_accepted_by_openssl(name):
        return None
    return "OpenSSL knows no such cipher (expected what `openssl ciphers` lists)"


def _is_accepted_by_openssl(text: str) -> bool:
    """Ask OpenSSL: the one of Python, which is the system's as a rule."""
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).set_ciphers(text)
    except ssl.SSLError:
        return False
    return True


Path = Annotated[
    str,
    PlainValidator(path),
    types.TypeInfo("folder", {"type": "string", "pattern": "^/"}, is_path=True),
]
ShellSafePath = Annotated[
    str,
    PlainValidator(shell_safe_path),
    types.TypeInfo("folder", {"type": "string", "pattern": "^/"}, is_path=True),
]
Interface = Annotated[str, PlainValidator(interface), types.TypeInfo("IP address")]
Users = Annotated[tuple[str, ...], PlainValidator(users), types.TypeInfo("list of users")]
Hostnames = Annotated[tuple[str, ...], PlainValidator(hostnames), types.TypeInfo("list of hosts")]
Digests = Annotated[tuple[str, ...], PlainValidator(digests), types.TypeInfo("list of digests")]
Pem = Annotated[Secret, PlainValidator(pem), types.TypeInfo("secret", secret=True)]
Policy = Annotated[WholeFile, PlainValidator(policy), types.TypeInfo("whole file", secret=True)]
Ciphers = Annotated[str, PlainValidator(ciphers), types.TypeInfo("OpenSSL cipher list")]
Level = Literal["error", "warning", "notice", "info", "verbose", "debug"]
Facility = Literal[
    "LOG_USER", "LOG_DAEMON", "LOG_LOCAL0", "LOG_LOCAL1", "LOG_LOCAL2", "LOG_LOCAL3",
    "LOG_LOCAL4", "LOG_LOCAL5", "LOG_LOCAL6", "LOG_LOCAL7",
]  # fmt: skip
