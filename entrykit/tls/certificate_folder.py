"""A directory of certificates, and the text of the two files that list it for HAProxy.

`crt-list.txt` names every PEM file that can be served. `names.map` maps each host name
to the group of the certificate that is served for it. Certificates for the same names
are one group; a request for a name of another group came through the wrong connection.
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
# The first line of both, whichever of the roles that share a directory has written them.
FIRST_LINE: Final = f"{MARK} from the certificates in this directory: replaced at every change."
_GENERATED: Final = frozenset({CRT_LIST, NAMES_MAP})

# What HAProxy reads by itself beside a PEM file (ssl-load-extra-files).
COMPANIONS: Final = (".key", ".issuer", ".ocsp", ".sctl")
_OTHER_ENDINGS: Final = (*COMPANIONS, ".dh")

_PREFERENCE: Final = ("ecdsa", "rsa", "other")


@dataclass(frozen=True)
class Index:
    """The content of a directory of certificates.

    Attributes:
        served: the files that can be served, by name.
        left_out: messages like `web.pem: no private key`, one for each file that
            looks like a certificate and cannot be served.
    """

    served: tuple[Pem, ...]
    left_out: tuple[str, ...]

    def crt_list(self, mark: str, folder: str = "") -> str:
        """Return the text of the crt-list.

        Args:
            mark: the comment that is its first line.
            folder: the directory of the files; crt-base unless given.
        """
        paths = [os.path.join(folder, each.name) for each in self.served]
        # Without the last line end HAProxy refuses the list.
        return "".join(f"{line}\n" for line in [mark, *paths])

    def names_map(self, mark: str) -> str:
        """Return the text of the map from host names to groups.

        A group is the name of the first file with the same set of host names: the RSA and
        the ECDSA variant of a certificate share it, and a renewal keeps it.

        Args:
            mark: the comment that is its first line.
        """
        lines = [f"{name} {group}" for name, group in self.groups.items()]
        return "".join(f"{line}\n" for line in [mark, *lines])

    @cached_property
    def groups(self) -> dict[str, str]:
        """Each host name, in order, with the group of the certificate that is served for it."""
        groups: dict[frozenset[str], str] = {}
        group = {
            each.name: groups.setdefault(frozenset(each.names), each.name) for each in self.served
        }
        by_name = _certificates_by_name(self.served)
        return {name: group[by_name[name].name] for name in sorted(by_name)}

    def without(self, names: Collection[str]) -> Index:
        """Leave out files that should no longer be served."""
        return Index(tuple(each for each in self.served if each.name not in names), self.left_out)


def index(folder: str | Path) -> Index:
    """Read every file of a directory; a missing directory is empty.

    Args:
        folder: of regular files and links to them, dotfiles and the companions of PEM
            files are not read.

    Raises:
        OSError: the directory cannot be read.
    """
    names = _candidates(folder)
    return (
        _build_index(str(folder), tuple(names), _state(folder, names)) if names else Index((), ())
    )


def _state(folder: str | Path, names: list[str]) -> tuple[object, ...]:
    """Return the state that changes when a file, or the key beside it, does."""
    paths = (os.path.join(folder, name + ending) for name in names for ending in ("", ".key"))
    return tuple(map(_identity, paths))


def _identity(path: str) -> tuple[int, ...] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


# OpenSSL takes as long for a key as HAProxy does, and a start reads the directory twice: for
# the check, and for the live files.
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
    """Find the certificate that HAProxy serves for each name to a client without limits.

    Tested with 2.6, 3.0 and 3.2: an ECDSA certificate precedes an RSA one, and that any
    other, even if it has only a wildcard for a name that the other one has exactly. Within
    one kind an exact name precedes a wildcard, and then the first in the crt-list wins.
    (After a renewal over the admin socket a certificate is the last one.)
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
