"""The folder of certificates, and the two files that tell HAProxy what is in it.

`crt-list.txt` names every PEM file that can be served. `names.map` gives each host
name the group of the certificate that is presented for it; certificates for the
same names are one group, so a name of another group was reached through the wrong
connection.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from entrykit.configfile import MARK
from entrykit.group import open_to_group
from entrykit.shown import shown

if TYPE_CHECKING:
    from entrykit.pem import Pem

CRT_LIST: Final = "crt-list.txt"
NAMES_MAP: Final = "names.map"
_OWN: Final = frozenset({CRT_LIST, NAMES_MAP})

# What HAProxy reads beside a PEM file, by itself (ssl-load-extra-files).
_COMPANIONS: Final = (".key", ".issuer", ".ocsp", ".sctl")
_OTHER_ENDINGS: Final = (*_COMPANIONS, ".dh")

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

    def crt_list(self, mark: str) -> str:
        """Write the crt-list; the names are relative to crt-base.

        Args:
            mark: the comment that is its first line.
        """
        # Without the last line end HAProxy refuses the list.
        return "".join(f"{line}\n" for line in [mark, *(each.name for each in self.served)])

    def names_map(self, mark: str) -> str:
        """Write the map from host names to groups.

        A group is the name of the first file with the same set of host names: the
        variants of a certificate for RSA and ECDSA share it, and a renewal keeps it.

        Args:
            mark: the comment that is its first line.
        """
        return "".join(f"{line}\n" for line in [mark, *self._grouped])

    @cached_property
    def _grouped(self) -> list[str]:
        """The lines of the map, made once for all folders that they go to."""
        groups: dict[frozenset[str], str] = {}
        group = {
            each.name: groups.setdefault(frozenset(each.names), each.name) for each in self.served
        }
        presented = _presented(self.served)
        return [f"{name} {group[presented[name].name]}" for name in sorted(presented)]


def index(folder: str | Path) -> Index:
    """Look at every file of a folder; one that is not there is empty.

    Args:
        folder: regular files and links to them are looked at, dotfiles and what
            belongs to a PEM file of another name are not.

    Raises:
        OSError: the folder cannot be read.
    """
    names = _candidates(folder)
    return _judged(str(folder), tuple(names), _state(folder, names)) if names else Index((), ())


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
def _judged(folder: str, names: tuple[str, ...], _state: tuple[object, ...]) -> Index:
    from entrykit import pem

    served, left_out = [], []
    for name in names:
        try:
            if found := pem.read(os.path.join(folder, name)):
                served.append(found)
        except pem.Refusal as reason:
            left_out.append(f"{name if name.isprintable() else shown(name)}: {reason}")
    return Index(tuple(served), tuple(left_out))


def write_index(folder: str | Path, index: Index, mark: str) -> None:
    """Write both files into a folder, the one that HAProxy starts from last.

    A file that is as it should be is not touched.

    Args:
        folder: that of the PEM files, or of links to them.
        index: what is in it.
        mark: the first line of each, a comment that begins with entrykit's mark.

    Raises:
        FileExistsError: one of them is there and was not written by entrykit.
        OSError: the folder cannot be written.
    """
    _write(os.path.join(folder, NAMES_MAP), os.fsencode(index.names_map(mark)))
    _write(os.path.join(folder, CRT_LIST), os.fsencode(index.crt_list(mark)))


def mirror(certs: str | Path, into: str | Path, mark: str) -> Index:
    """Make a folder of links to what can be served of another one, which is left as it is.

    Args:
        certs: the folder of PEM files.
        into: where the links and the two files go; made if it is not there.
        mark: as for `write_index`.

    Returns:
        What `certs` has.

    Raises:
        FileExistsError: a file of somebody else's is in the way.
        OSError: `into` cannot be written.
    """
    found = index(certs)
    certs = os.path.abspath(certs)
    is_new = not os.path.isdir(into)
    os.makedirs(into, exist_ok=True)
    if is_new:
        open_to_group(into)
    names = [each.name + ending for each in found.served for ending in ("", *_COMPANIONS)]
    links = set(names).intersection(os.listdir(certs) if names else ())
    for name in sorted(links):
        _link(os.path.join(certs, name), os.path.join(into, name))
    write_index(into, found, mark)
    _unlink_others(certs, into, links)
    return found


def _candidates(folder: str | Path) -> list[str]:
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return sorted(
        name
        for name in names
        if not (name.startswith(".") or name.endswith(_OTHER_ENDINGS) or name in _OWN)
    )


def _presented(served: tuple[Pem, ...]) -> dict[str, Pem]:
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


def _write(path: str, data: bytes) -> None:
    """Replace a file at once; several containers may do so at the same time."""
    live = _live(path)
    if live == data:
        return
    if live and not live.startswith(MARK.encode()):
        raise FileExistsError(errno.EEXIST, "entrykit did not write this file", path)
    folder, name = os.path.split(path)
    new = os.path.join(folder, f".{name}.{os.urandom(8).hex()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o644)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        os.rename(new, path)
    except BaseException:
        os.unlink(new)
        raise


def _live(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def _link(target: str, path: str) -> None:
    if os.path.islink(path):
        if os.readlink(path) == target:
            return
        os.unlink(path)
    os.symlink(target, path)


def _unlink_others(certs: str, into: str | Path, links: set[str]) -> None:
    """Remove our links to what is not served any more; what else lies there is not ours."""
    for name in sorted(set(os.listdir(into)) - links):
        path = os.path.join(into, name)
        if os.path.islink(path) and os.readlink(path) == os.path.join(certs, name):
            os.unlink(path)
