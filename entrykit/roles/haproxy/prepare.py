"""Prepare the directory `tls` with every usable certificate for HAProxy.

haproxy.cfg refers to it by a relative path, so that a rendered directory runs anywhere. It is
a link to CERTS_DIR if the crt-list can be kept there, on the volume that certbot shares: a
reload then uses the files that certbot has written. If CERTS_DIR is not writable, `tls` is a
link to a directory of links to its files. If files are only checked, its crt-list has the
absolute paths of the certificates.

A start may be killed at any point, and old or new files are then used with the directory as it
is: the live `tls` is complete at every moment, and replaced by one rename.
"""

from __future__ import annotations

import os
from typing import Final

from entrykit.errors import CommitError
from entrykit.files.fs import link_file, make_folder, require_writable
from entrykit.files.ownership import foreign_file_error
from entrykit.files.transaction import wrap_os_errors
from entrykit.log import Log
from entrykit.roles.haproxy.settings import HaproxySettings
from entrykit.tls import certificate_folder, crt_list

_MIRROR: Final = ".entrykit.tls"


def stage(settings: HaproxySettings, folder: str, log: Log) -> None:
    """Index the certificates for the files in a directory that is not live.

    Args:
        settings: CERTS_DIR, or `certs` in CONFIG_DIR.
        folder: where `tls` is created; nothing outside of it is changed.
        log: gets a warning for each certificate that cannot be served.

    Raises:
        CommitError: CERTS_DIR is no directory, or cannot be read; or `tls` is a
            file that entrykit did not write.
        OSError: `folder` cannot be written.
    """
    certs, tls = _certs_dir(settings), os.path.join(folder, "tls")
    _refuse_unusable(settings, certs, tls)
    if os.path.dirname(certs) == folder and not _is_folder(tls) and _write_index(certs, log):
        _link(certs, tls)
        return
    if not _is_folder(tls) and os.path.lexists(tls):
        os.unlink(tls)
    _report(crt_list.write_absolute_index(certs, tls, certificate_folder.FIRST_LINE), log)


def prepare_host(settings: HaproxySettings, log: Log) -> None:
    """Index the certificates in CONFIG_DIR, and create the directory of ADMIN_SOCKET.

    Raises:
        CommitError: as of `stage`; or the directory of ADMIN_SOCKET cannot be written.
        OSError: CONFIG_DIR cannot be written.
    """
    if settings.admin_socket:
        _make_writable(os.path.dirname(settings.admin_socket))
    certs, tls = _certs_dir(settings), os.path.join(settings.config_dir, "tls")
    _refuse_unusable(settings, certs, tls)
    _make_live(certs, tls, log)


def _certs_dir(settings: HaproxySettings) -> str:
    return settings.certs_dir or os.path.join(settings.config_dir, "certs")


def _refuse_unusable(settings: HaproxySettings, certs: str, tls: str) -> None:
    _refuse_unreadable(certs)
    if not settings.entrykit_overwrite:
        _refuse_foreign(tls)


def _make_live(certs: str, tls: str, log: Log) -> None:
    own = _is_folder(tls)
    if not own and _write_index(certs, log):
        _link(certs, tls)
        return
    if not os.path.isdir(certs):
        log.warning(f"{certs} does not exist: no certificates")
    into = tls if own else os.path.join(os.path.dirname(tls), _MIRROR)
    _report(crt_list.mirror(certs, into, certificate_folder.FIRST_LINE), log)
    if not own:
        _link(into, tls)


def _make_writable(folder: str) -> None:
    """Create the directory of the admin socket, and check that HAProxy can create it there."""
    with wrap_os_errors(folder):
        make_folder(folder)
        require_writable(folder)


def _is_folder(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)


def _refuse_foreign(tls: str) -> None:
    if os.path.lexists(tls) and not os.path.islink(tls) and not os.path.isdir(tls):
        raise foreign_file_error(tls)


def _refuse_unreadable(certs: str) -> None:
    try:
        os.listdir(certs)
    except FileNotFoundError:
        return
    except OSError as error:
        reason = f"{error.strerror} (errno {error.errno}, as uid {os.geteuid()})"
        tip = f"set CERTS_DIR to a directory that uid {os.geteuid()} can read"
        raise CommitError(certs, reason, tip) from error


def _write_index(certs: str, log: Log) -> bool:
    """Write the index into the directory of certificates; False if it is not writable."""
    try:
        if make_folder(certs):
            log.info(f"{certs} did not exist: created, without certificates")
        index = certificate_folder.index(certs)
        crt_list.write_index(certs, index, certificate_folder.FIRST_LINE)
    except OSError as error:
        log.debug(f"{certs}: {error.strerror}: the crt-list is kept in CONFIG_DIR")
        return False
    _report(index, log)
    return True


def _report(index: certificate_folder.Index, log: Log) -> None:
    for message in index.left_out:
        log.warning(f"certificate not served: {message}")
    log.debug(f"{len(index.served)} certificates")


def _link(certs: str, tls: str) -> None:
    inside = os.path.dirname(certs) == os.path.dirname(tls)
    target = os.path.basename(certs) if inside else certs
    make_folder(os.path.dirname(tls))
    link_file(target, tls)
