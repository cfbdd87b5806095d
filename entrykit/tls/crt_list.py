"""Write the crt-list and the map beside it into a directory."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from entrykit.files.config_file import MARK, PUBLIC
from entrykit.files.fs import link_file, make_folder, open_to_group, read_file, write_file
from entrykit.tls.certificate_folder import COMPANIONS, CRT_LIST, NAMES_MAP, Index, index


def write_index(folder: str | Path, index: Index, mark: str, certs: str = "") -> None:
    """Write both files into a directory; last the crt-list, which HAProxy starts from.

    A file that is up to date is not touched.

    Args:
        folder: the directory of the PEM files, or of links to them.
        index: its content.
        mark: the first line of each, a comment that begins with entrykit's mark.
        certs: the directory of the PEM files, if it is another one.

    Raises:
        FileExistsError: one of them exists, but entrykit did not write it.
        OSError: the directory cannot be written.
    """
    _write(os.path.join(folder, NAMES_MAP), os.fsencode(index.names_map(mark)))
    _write(os.path.join(folder, CRT_LIST), os.fsencode(index.crt_list(mark, certs)))


def write_absolute_index(certs: str, into: str, mark: str) -> Index:
    """Create a directory of only the two files, with the absolute path of each certificate.

    For a check, after which it is removed: cheaper than the links of `mirror`, with the
    same arguments, result and errors.
    """
    from entrykit.tls import pem

    if not pem.is_listable(certs):
        return mirror(certs, into, mark)
    found = index(certs)
    make_folder(into)
    write_index(into, found, mark, certs)
    return found


def mirror(certs: str | Path, into: str | Path, mark: str) -> Index:
    """Fill a directory with links to the files of another one that can be served.

    Args:
        certs: the directory of PEM files; it is only read.
        into: the directory of the links and the two files; created if it is missing.
        mark: as for `write_index`.

    Returns:
        The content of `certs`.

    Raises:
        FileExistsError: a file that entrykit did not write is in the way.
        OSError: `into` cannot be written.
    """
    found = index(certs)
    certs = os.path.abspath(certs)
    if make_folder(into):
        open_to_group(into)
    names = [each.name + ending for each in found.served for ending in ("", *COMPANIONS)]
    links = set(names).intersection(os.listdir(certs) if names else ())
    for name in sorted(links):
        _link(os.path.join(certs, name), os.path.join(into, name))
    write_index(into, found, mark)
    _unlink_others(certs, into, links)
    return found


def _write(path: str, data: bytes) -> None:
    """Replace one of the two files, unless it is up to date."""
    live = read_file(path)
    if live == data:
        return
    if live and not live.startswith(MARK.encode()):
        raise FileExistsError(errno.EEXIST, "entrykit did not write this file", path)
    write_file(path, data, PUBLIC, shared=True)


def _link(target: str, path: str) -> None:
    """Create or replace a link, but nothing else."""
    if os.path.lexists(path) and not os.path.islink(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    link_file(target, path, shared=True)


def _unlink_others(certs: str, into: str | Path, links: set[str]) -> None:
    """Remove our links to files that are no longer served, and nothing else."""
    for name in sorted(set(os.listdir(into)) - links):
        path = os.path.join(into, name)
        if os.path.islink(path) and os.readlink(path) == os.path.join(certs, name):
            os.unlink(path)
