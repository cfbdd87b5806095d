"""certbot's renewal configurations: renewal/NAME.conf, written by ConfigObj.

certbot writes a new one when the order has ended well, but makes the file when it
begins: one that is empty means that it was cut off (tried with 2.1, 4.0 and 5.5).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from typing import Final

from entrykit.files.fs import write_file
from entrykit.roles.certbot.lineages.pem_set import KINDS
from entrykit.roles.certbot.plan import Plan

ENDING: Final = ".conf"

# A comment, a section, or a key and its value.
_LINE: Final = re.compile(r"\s*(?:#.*|\[.*\].*|[^\s=\[#][^=\0]*=[^\0]*)?")
_MULTILINE_VALUE: Final = re.compile(r"(\"\"\"|''').*?\1", re.DOTALL)
_PAIR: Final = re.compile(r"^[ \t]*([a-z_]+)[ \t]*=[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_PARAMETERS: Final = "[renewalparams]"
_DUE: Final = "renew_before_expiry"


def path(config_dir: str, name: str) -> str:
    """Return the path of a lineage's configuration."""
    return os.path.join(config_dir, "renewal", f"{name}{ENDING}")


def read(config_dir: str, name: str) -> str:
    """Return what is in it; nothing if it is not there.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with open(path(config_dir, name), "rb", buffering=0) as file:
            return file.read().decode(errors="surrogateescape")
    except FileNotFoundError:
        return ""


def is_legible(text: str) -> bool:
    """Whether certbot can read it; what it cannot read it does not see."""
    lines = _MULTILINE_VALUE.sub("", text).split("\n")
    # Only a last line without an end can be cut off within quotes.
    torn = re.search("[\"']", lines[-1])
    return _PARAMETERS in text and not torn and all(map(_LINE.fullmatch, lines))


def parse_paths(text: str) -> Mapping[str, str]:
    """Return the paths that it names: by kind, and `archive_dir` if it has that."""
    found = {key: _unquote(value) for key, value in _PAIR.findall(_head(text))}
    return {key: found[key] for key in (*KINDS, "archive_dir") if key in found}


def has_due_time(text: str) -> bool:
    """Whether it says when the certificate is due, whoever wrote that."""
    return any(key == _DUE for key, _ in _PAIR.findall(_head(text)))


def add_due_time(text: str, seconds: float) -> str:
    """Add that a certificate is due so many seconds before its end.

    certbot before 4.1 takes 30 days for all, and so would issue one of 6 days again at every
    run. It keeps what is written here.
    """
    return f"{_DUE} = {max(1, round(seconds / 3600))} hours\n{text}"


def replace_paths(text: str, named: Mapping[str, str]) -> str:
    """Let it name other paths, and keep all the rest.

    Args:
        text: one that is legible.
        named: the paths, as for `places`.
    """
    head = _head(text)
    lines = [line for line in head.splitlines() if not ((p := _PAIR.match(line)) and p[1] in named)]
    kept = "".join(f"{line}\n" for line in lines)
    return _format_pairs(named) + kept + text[len(head) :]


def make_minimal(plan: Plan, named: Mapping[str, str], key: str) -> str:
    """Write one anew with what certbot needs; the next renewal adds the rest.

    Args:
        plan: the CA is that of the last order, which is most often the one of now.
        named: the paths, as for `places`.
        key: the kind of the certificate's key.
    """
    parameters = {
        "server": plan.server,
        "key_type": key,
        "authenticator": _read_authenticator(plan),
    }
    version = ".".join(map(str, plan.certbot))
    return (
        f"# Written by entrykit, because certbot's own was lost.\nversion = {version}\n"
        f"{_format_pairs(named)}\n{_PARAMETERS}\n"
        f"{_format_pairs({k: v for k, v in parameters.items() if v})}"
    )


def write(config_dir: str, name: str, text: str) -> None:
    """Replace or make a lineage's configuration; the mode stays.

    Raises:
        OSError: it cannot be written.
    """
    place = path(config_dir, name)
    try:
        mode = stat.S_IMODE(os.stat(place).st_mode)
    except FileNotFoundError:
        mode = 0o644
    write_file(place, text.encode(errors="surrogateescape"), mode)


def _head(text: str) -> str:
    """Return what comes before the first section."""
    section = re.search(r"^[ \t]*\[", text, re.MULTILINE)
    return text[: section.start()] if section else text


def _unquote(value: str) -> str:
    quoted = re.fullmatch(r"([\"'])(.*)\1", value)
    return quoted[2] if quoted else value


def _format_pairs(pairs: Mapping[str, str]) -> str:
    return "".join(f"{key} = {_quote(value)}\n" for key, value in pairs.items())


def _quote(value: str) -> str:
    """Quote where a comma would make a list of it, or # a comment (ConfigObj, 3.2)."""
    if not re.search("[,#\"']", value):
        return value
    return f"'{value}'" if '"' in value else f'"{value}"'


def _read_authenticator(plan: Plan) -> str:
    """Return certbot's own name for the way of the challenges: `renew` does not do without."""
    try:
        with open(plan.ini, encoding="utf-8") as file:
            found: dict[str, str] = dict(_PAIR.findall(file.read()))
    except OSError:
        return ""
    return found.get("authenticator", "")


_SERVER: Final = re.compile(r"^server *= *(.*?)\s*$", re.MULTILINE)


def is_from_other_ca(plan: Plan, lineage: str) -> bool:
    """Whether certbot has the certificate from another server and may replace it.

    By itself certbot would keep it until it is due, such as one for trying after STAGING
    is off. It refuses to replace a real certificate by one for trying, which it knows by
    the URL, so that is none of the cases (certbot's --break-my-certs).
    """
    try:
        found = _SERVER.search(read(plan.config_dir, lineage))
    except OSError:
        return False
    return found is not None and found[1] != plan.server and "staging" not in plan.server
