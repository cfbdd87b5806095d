"""Read and write certbot's renewal configurations: renewal/NAME.conf, in ConfigObj's format.

certbot creates the file when an order begins and writes it when the order has succeeded, so
an empty one means that it was interrupted (tried with 2.1, 4.0 and 5.5). The configobj package
is not at hand here: the images' Python is not certbot's.
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
    """Return the text of a lineage's configuration; empty if there is none.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with open(path(config_dir, name), "rb", buffering=0) as file:
            return file.read().decode(errors="surrogateescape")
    except FileNotFoundError:
        return ""


def is_legible(text: str) -> bool:
    """Whether certbot can parse it; it ignores a lineage whose configuration it cannot."""
    lines = _MULTILINE_VALUE.sub("", text).split("\n")
    # Only an unfinished last line can be cut off within quotes.
    torn = re.search("[\"']", lines[-1])
    return _PARAMETERS in text and not torn and all(map(_LINE.fullmatch, lines))


def parse_paths(text: str) -> Mapping[str, str]:
    """Return the paths in it: by kind, and `archive_dir` if it has that."""
    found = {key: _unquote(value) for key, value in _PAIR.findall(_head(text))}
    return {key: found[key] for key in (*KINDS, "archive_dir") if key in found}


def has_due_time(text: str) -> bool:
    """Whether it states when the certificate is due for renewal."""
    return any(key == _DUE for key, _ in _PAIR.findall(_head(text)))


def add_due_time(text: str, seconds: float) -> str:
    """State that a certificate is due this many seconds before its end.

    certbot before 4.1 assumes 30 days for all, and so would renew one of 6 days at every
    run. It keeps what is written here.
    """
    return f"{_DUE} = {max(1, round(seconds / 3600))} hours\n{text}"


def replace_paths(text: str, named: Mapping[str, str]) -> str:
    """Replace the paths in it, and keep all the rest.

    Args:
        text: a legible configuration.
        named: the new paths, as in `LineageState.expected_paths`.
    """
    head = _head(text)
    lines = [line for line in head.splitlines() if not ((p := _PAIR.match(line)) and p[1] in named)]
    kept = "".join(f"{line}\n" for line in lines)
    return _format_pairs(named) + kept + text[len(head) :]


def make_minimal(plan: Plan, named: Mapping[str, str], key: str) -> str:
    """Return the least that certbot needs; the next renewal adds the rest.

    Args:
        plan: the current CA, which is most likely that of the last order.
        named: the paths, as in `LineageState.expected_paths`.
        key: the certificate's key type.
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
    """Write a lineage's configuration; the mode of an existing file stays.

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
    """Return the part before the first section."""
    section = re.search(r"^[ \t]*\[", text, re.MULTILINE)
    return text[: section.start()] if section else text


def _unquote(value: str) -> str:
    quoted = re.fullmatch(r"([\"'])(.*)\1", value)
    return quoted[2] if quoted else value


def _format_pairs(pairs: Mapping[str, str]) -> str:
    return "".join(f"{key} = {_quote(value)}\n" for key, value in pairs.items())


def _quote(value: str) -> str:
    """Quote a value in which a comma would start a list, or # a comment (ConfigObj, 3.2)."""
    if not re.search("[,#\"']", value):
        return value
    return f"'{value}'" if '"' in value else f'"{value}"'


def _read_authenticator(plan: Plan) -> str:
    """Return the name of certbot's authenticator, which `renew` requires."""
    try:
        with open(plan.ini, encoding="utf-8") as file:
            found: dict[str, str] = dict(_PAIR.findall(file.read()))
    except OSError:
        return ""
    return found.get("authenticator", "")


_SERVER: Final = re.compile(r"^server *= *(.*?)\s*$", re.MULTILINE)


def is_from_other_ca(plan: Plan, lineage: str) -> bool:
    """Whether the certificate is from another CA and may be replaced.

    certbot itself would keep it until it is due, e.g. a staging certificate after STAGING is
    off. It refuses to replace a real certificate by a staging one, which it recognizes by
    the URL (certbot's --break-my-certs), so that case is left out.
    """
    try:
        found = _SERVER.search(read(plan.config_dir, lineage))
    except OSError:
        return False
    return found is not None and found[1] != plan.server and "staging" not in plan.server
