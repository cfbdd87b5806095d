"""A folder of certificates, and the text of the two files that tell HAProxy what is in it.

`crt-list.txt` names every PEM file that can be served. `names.map` gives each host
name the group of the certificate that is presented for it; certificates for the
same names are one group, so a name of another group was reached through the wrong
connection.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from entrykit.display import display_name
from entrykit.files.config_file import MARK

if TYPE_CHECKING:
    from entrykit.tls.pem import Pem

CRT_LIST: Final = "crt-list.txt"
NAMES_MAP: Final = "names.map"
# The first line of both, whoever of those that share a folder has written them last.
FIRST_LINE: Final = f"{MARK} from the certificates that lie here: made anew at every change."
_GENERATED: Final = frozenset({CRT_LIST, NAMES_MAP})

# What HAProxy reads beside a PEM file, by itself (ssl-load-extra-files).
COMPANIONS: Final = (".key", ".issuer", ".ocsp", ".sctl")
_OTHER_ENDINGS: Final = (*COMPANIONS, ".dh")

_PREFERENCE: Final = ("ecdsa", "rsa", "other")


@dataclass(frozen=True)
class Index:
    """What a folder of certificates has.

    Attributes:
        served: what can be served, by file name.
        left_out: messages like `web.pem: no private key`, one for each file that
            looks like a certificate and cannot be served.
    """

    served: tuple[Pem, ...]
    left_out: tuple[str, ...]

    def crt_list(self, mark: str, folder: str = "") -> str:
        """Write the crt-list.

        Args:
            mark: the comment that is its first line.
            folder: where the files lie; crt-base unless given.
        """
        paths = [os.path.join(folder, each.name) for each in self.served]
        # Without the last line end HAProxy refuses the list.
        return "".join(f"{line}\n" for line in [mark, *paths])

    def names_map(self, mark: str) -> str:
        """Write the map from host names to groups.

        A group is the name of the first file with the same set of host names: the
        variants of a certificate for RSA and ECDSA share it, and a renewal keeps it.

        Args:
            mark: the comment that is its first line.
        """
        lines = [f"{name} {group}" for name, group in self.groups.items()]
        return "".join(f"{line}\n" for line in [mark, *lines])

    @cached_property
    def groups(self) -> dict[str, str]:
        """Each host name, in order, and the group of the certificate that is presented."""
        groups: dict[frozenset[str], str] = {}
        group = {
            each.name: groups.setdefault(frozenset(each.names), each.name) for each in self.served
        }
        presented = _certificates_by_name(self.served)
        return {name: group[presented[name].name] for name in sorted(presented)}

    def without(self, names: Collection[str]) -> Index:
        """Leave out what can be served but no longer should, by file names."""
        return Index(tuple(each for each in self.served if each.name not in names), self.left_out)


def index(folder: str | Path) -> Index:
    """Look at every file of a folder; one that is not there is empty.

    Args:
        folder: regular files and links to them are looked at, dotfiles and what
            belongs to a PEM file of another name are not.

    Raises:
        OSError: the folder cannot be read.
    """
    names = _candidates(folder)
    return (
        _build_index(str(folder), tuple(names), _state(folder, names)) if names else Index((), ())
    )


def _state(folder: str | Path, names: list[str]) -> tuple[object, ...]:
    """Return what tells whether a file, or the key beside it, is another one than before."""
    paths = (os.path.join(folder, name + ending) for name in names for ending in ("", ".key"))
    return tuple(map(_identity, paths))


def _identity(path: str) -> tuple[int, ...] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


# OpenSSL takes as long for a key as HAProxy does, and a start looks twice: for the files
# that are judged, and for those that become live.
@lru_cache(maxsize=1)
def _build_index(folder: str, names: tuple[str, ...], _state: tuple[object, ...]) -> Index:
    from entrykit.tls import pem

    served, left_out = [], []
    for name in names:
        try:
            if found := pem.read(os.path.join(folder, name)):
                served.append(found)
        except pem.InvalidPem as reason:
            left_out.append(f"{display_name(name)}: {reason}")
    return Index(tuple(served), tuple(left_out))


def _candidates(folder: str | Path) -> list[str]:
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return sorted(
        name
        for name in names
        if not (name.startswith(".") or name.endswith(_OTHER_ENDINGS) or name in _GENERATED)
    )


def _certificates_by_name(served: tuple[Pem, ...]) -> dict[str, Pem]:
    """Find what HAProxy presents for each host name to a client that can do everything.

    Tried on 2.6, 3.0 and 3.2: an ECDSA certificate goes before an RSA one and that before
    any other, even where it has but a wildcard for a name that the other one has exactly.
    Among those of one kind an exact name goes before a wildcard, and then the first in
    the crt-list wins. (A renewal over the admin socket makes a certificate the last.)
    """
    found: dict[str, Pem] = {}
    for each in sorted(served, key=_preference):
        for name in each.names:
            found.setdefault(name, each)
    wildcards = {name[2:]: each for name, each in found.items() if name[0] == "*"}
    for name, exact in found.items():
        wild = wildcards.get(name.partition(".")[2])
        if wild and _preference(wild) < _preference(exact):
            found[name] = wild
    return found


def _preference(each: Pem) -> int:
    return _PREFERENCE.index(each.key)
