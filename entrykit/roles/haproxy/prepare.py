"""What HAProxy needs beside its files: the folder `tls` with every usable certificate.

haproxy.cfg names it relatively, so that a rendered folder runs anywhere. It is
a link to CERTS_DIR where the crt-list can be kept there, on the volume that
certbot shares: a reload then sees what certbot has written. Where CERTS_DIR
cannot be written, `tls` is a folder of links to its files. Where files are only judged,
`tls` names them where they lie.
"""

from __future__ import annotations

import os

from entrykit import certificates, crt_list
from entrykit.errors import CommitError
from entrykit.folders import make_folder
from entrykit.message import Log
from entrykit.roles.haproxy.settings import HaproxySettings


def prepare(settings: HaproxySettings, folder: str, live: bool, log: Log) -> None:
    """Index the certificates for the files in `folder`.

    Args:
        settings: CERTS_DIR, or `certs` in CONFIG_DIR.
        folder: where `tls` is made.
        live: whether that is the folder that HAProxy will run from; for another
            one nothing outside of it is changed.
        log: told of each certificate that cannot be served.

    Raises:
        CommitError: CERTS_DIR is no folder, or cannot be read.
        OSError: `folder` cannot be written.
    """
    if live and settings.admin_socket:
        make_folder(os.path.dirname(settings.admin_socket))
    certs = settings.certs_dir or os.path.join(settings.config_dir, "certs")
    _refuse_unreadable(certs)
    tls = os.path.join(folder, "tls")
    own = os.path.isdir(tls) and not os.path.islink(tls)
    ours = live or os.path.dirname(certs) == folder
    if ours and not own and _kept(certs, log):
        _link(certs, tls)
        return
    if os.path.islink(tls):
        os.unlink(tls)
    if live and not os.path.isdir(certs):
        log.warning(f"{certs} is not there: no certificates")
    show = crt_list.mirror if live else crt_list.refer
    _tell(show(certs, tls, certificates.FIRST_LINE), log)


def _refuse_unreadable(certs: str) -> None:
    try:
        os.listdir(certs)
    except FileNotFoundError:
        return
    except OSError as error:
        reason = f"{error.strerror} (errno {error.errno}, as uid {os.geteuid()})"
        tip = f"have CERTS_DIR name a folder that uid {os.geteuid()} can read"
        raise CommitError(certs, reason, tip) from error


def _kept(certs: str, log: Log) -> bool:
    """Write the index into the folder of certificates; False where that cannot be."""
    try:
        if make_folder(certs):
            log.info(f"{certs} was not there: made, with no certificate in it")
        index = certificates.index(certs)
        crt_list.write_index(certs, index, certificates.FIRST_LINE)
    except OSError as error:
        log.debug(f"{certs}: {error.strerror}: the crt-list is kept in CONFIG_DIR")
        return False
    _tell(index, log)
    return True


def _tell(index: certificates.Index, log: Log) -> None:
    for message in index.left_out:
        log.warning(f"certificate not served: {message}")
    log.debug(f"{len(index.served)} certificates")


def _link(certs: str, tls: str) -> None:
    inside = os.path.dirname(certs) == os.path.dirname(tls)
    target = os.path.basename(certs) if inside else certs
    if os.path.islink(tls) and os.readlink(tls) == target:
        return
    new = f"{tls}.new"
    if os.path.islink(new):
        os.unlink(new)  # a start was killed here
    make_folder(os.path.dirname(tls))
    os.symlink(target, new)
    os.rename(new, tls)
