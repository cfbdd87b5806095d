"""Types of variables that only cf-serverd has."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Final, Literal

from entrykit.display import display
from entrykit.errors import InvalidValue
from entrykit.quoting.cfengine import find_cfengine_error
from entrykit.roles.cf_serverd.acl import refuse_empty
from entrykit.variables.metadata import TypeInfo
from entrykit.variables.parsers import parse_addresses, parse_folder, parse_line, split_list
from entrykit.variables.secret import Secret, WholeFile

# A digest of a client's key, as `cf-key -p` prints it.
_is_digest: Final = re.compile(r"SHA=[0-9a-f]{64}|MD5=[0-9a-f]{32}").fullmatch
_is_hostname: Final = re.compile(
    r"\.?(?=[A-Za-z0-9])[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*"
).fullmatch
_is_user: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}").fullmatch
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


def parse_path(text: str) -> str:
    """Accept an absolute path that can be written into a policy."""
    found = parse_folder(text)
    if reason := find_cfengine_error(found):
        raise InvalidValue([f"{display(text)}: cannot be written into a policy: {reason}"])
    return found


def parse_shell_safe_path(text: str) -> str:
    """Accept such a path if a shell takes it literally between double quotes.

    cf-serverd runs cf-promises with it through sh(1), and if that fails it starts with its
    built-in policy, on every address (tried with 3.21, 3.24 and 3.27).
    """
    found = parse_path(text)
    if any(char in found for char in '"$`\\'):
        expected = 'expected a path without ", $, ` and \\'
        raise InvalidValue([f"{display(text)}: cf-serverd passes it to a shell ({expected})"])
    return found


def parse_interface(text: str) -> str:
    """Parse one IP address: with a device name, cf-serverd fails to start."""
    found = parse_addresses(text)
    if len(found) != 1:
        raise InvalidValue(
            [f"{display(text)}: several addresses (expected one; 0.0.0.0 and :: mean all)"]
        )
    return found[0]


def parse_users(text: str) -> tuple[str, ...]:
    """Parse a list of users, by the names that cf-runagent sends."""
    return parse_user_entries(refuse_empty(split_list(text)))


def parse_user_entries(items: list[str]) -> tuple[str, ...]:
    """Parse the items of such a list."""
    return _accept_each(items, _is_user, "not a user name (expected e.g. root)")


def parse_hostnames(text: str) -> tuple[str, ...]:
    """Parse a list of host names; one with a leading dot means all hosts below a domain."""
    return parse_hostname_entries(refuse_empty(split_list(text)))


def parse_hostname_entries(items: list[str]) -> tuple[str, ...]:
    """Parse the items of such a list."""
    expected = "expected host.example.com, or .example.com for all hosts below it"
    return _accept_each(items, _is_hostname, f"not a host name ({expected})")


def parse_digests(text: str) -> tuple[str, ...]:
    """Parse a list of key digests."""
    return parse_digest_entries(refuse_empty(split_list(text)))


def parse_digest_entries(items: list[str]) -> tuple[str, ...]:
    """Parse the items of such a list."""
    expected = "expected MD5= or SHA= and hexadecimal digits, as `cf-key -p` prints it"
    return _accept_each(items, _is_digest, f"not a key digest ({expected})")


def _accept_each(
    items: list[str], accepts: Callable[[str], object], reason: str
) -> tuple[str, ...]:
    if wrong := [item for item in items if not accepts(item)]:
        raise InvalidValue([f"{display(item)}: {reason}" for item in wrong])
    return tuple(dict.fromkeys(items))


def parse_pem(text: str) -> Secret:
    """Accept a key in PEM; errors do not quote it."""
    if "\0" in text or not re.search(r"^-----BEGIN [A-Z ]*KEY-----", text, re.MULTILINE):
        raise InvalidValue(
            ["not a PEM key (expected -----BEGIN RSA … KEY----- and the lines after it)"]
        )
    return Secret(text)


def parse_policy(text: str) -> WholeFile:
    """Accept a whole policy; cf-promises checks it."""
    if "\0" in text:
        raise InvalidValue(["contains a NUL byte (expected a policy)"])
    return WholeFile(text)


def parse_ciphers(text: str) -> str:
    """Accept a list with which OpenSSL selects at least one cipher.

    cf-serverd passes names that begin with TLS_ to SSL_CTX_set_ciphersuites(3), and the others
    to SSL_CTX_set_cipher_list(3). If either selects nothing, it logs that and exits with 0; a
    name that OpenSSL does not know is dropped silently (tried with 3.21).
    """
    parse_line(text)
    names = text.split(":")
    errors = [f"{display(name)}: {reason}" for name in names if (reason := _check_cipher(name))]
    rest = [name for name in names if not name.startswith("TLS_")]
    if not errors and rest and not _is_accepted_by_openssl(":".join(rest)):
        errors = [f"{display(text)}: OpenSSL selects no cipher with it (expected e.g. HIGH:!aNULL)"]
    if errors:
        raise InvalidValue(errors)
    return text


def _check_cipher(name: str) -> str | None:
    if name.startswith("TLS_"):
        known = ", ".join(sorted(_SUITES))
        return None if name in _SUITES else f"not a TLS 1.3 cipher suite (expected one of {known})"
    if not _is_cipher_word(name):
        return "not an entry of a cipher list (expected names separated by :)"
    if name[0] in "!-+@" or _is_accepted_by_openssl(name):
        return None
    return "unknown to OpenSSL (expected a name from `openssl ciphers`)"


def _is_accepted_by_openssl(text: str) -> bool:
    """Ask the OpenSSL of Python, which usually is the system's."""
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).set_ciphers(text)
    except ssl.SSLError:
        return False
    return True


_ABSOLUTE: Final = {"type": "string", "pattern": "^/"}

Path = Annotated[str, TypeInfo("directory", _ABSOLUTE, parse=parse_path, is_path=True)]
ShellSafePath = Annotated[
    str, TypeInfo("directory", _ABSOLUTE, parse=parse_shell_safe_path, is_path=True)
]
Interface = Annotated[str, TypeInfo("IP address", parse=parse_interface)]
Users = Annotated[tuple[str, ...], TypeInfo("list of users", parse=parse_users)]
Hostnames = Annotated[tuple[str, ...], TypeInfo("list of hosts", parse=parse_hostnames)]
Digests = Annotated[tuple[str, ...], TypeInfo("list of digests", parse=parse_digests)]
Pem = Annotated[Secret, TypeInfo("secret", secret=True, parse=parse_pem)]
Policy = Annotated[WholeFile, TypeInfo("whole file", secret=True, parse=parse_policy)]
Ciphers = Annotated[str, TypeInfo("OpenSSL cipher list", parse=parse_ciphers)]
Level = Literal["error", "warning", "notice", "info", "verbose", "debug"]
Facility = Literal[
    "LOG_USER", "LOG_DAEMON", "LOG_LOCAL0", "LOG_LOCAL1", "LOG_LOCAL2", "LOG_LOCAL3",
    "LOG_LOCAL4", "LOG_LOCAL5", "LOG_LOCAL6", "LOG_LOCAL7",
]  # fmt: skip
