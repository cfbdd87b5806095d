"""The main program of a small container beside one of several HAProxys: serve CERTS_DIR.

`python -m entrykit.roles.certbot.delivery.follow [-v] CERTS_DIR ADMIN_SOCKET`

The certificates are on a volume that all of them share, or in a Kubernetes Secret; an admin
socket can be reached only in its own pod. So each HAProxy has one of these beside it, which
only reads the directory and writes to the socket. SIGTERM and SIGINT end it within a second,
SIGHUP and SIGUSR1 make it look now.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from entrykit.errors import UsageError
from entrykit.log import Log, make_log
from entrykit.roles.certbot.delivery import pem_file
from entrykit.roles.certbot.delivery.admin_socket import AdminSocket, RefusedError, UnreachableError
from entrykit.roles.certbot.delivery.pem_file import PemFile
from entrykit.roles.certbot.delivery.swap import SwapTarget, swap
from entrykit.roles.certbot.process.signals import Signals, Stopped
from entrykit.tls import certificate_folder
from entrykit.tls.pem import InvalidPem

_INTERVAL: Final = 10.0  # seconds between two looks; each costs one stat(2) per file


class Follower:
    """Keeps one HAProxy up to date with one directory.

    Args:
        certs: the directory of PEM files; it is only read.
        socket: HAProxy's admin socket.
        log: gets every change, and each error once.
    """

    def __init__(self, certs: str, socket: AdminSocket, log: Log) -> None:
        self._certs, self._socket, self._log = certs, socket, log
        self._index: certificate_folder.Index | None = None
        self._errors: Sequence[str] = ()

    def refresh(self) -> None:
        """Make HAProxy serve what is in the directory now.

        A HAProxy that has restarted has read the directory by itself; if it cannot be
        reached, or refuses, the next look tries again.
        """
        try:
            index = certificate_folder.index(self._certs)
            errors = self._update_haproxy(index)
        except UnreachableError as error:
            errors = [f"HAProxy cannot be reached at {self._socket.path}: {error}"]
        except RefusedError as error:
            errors = [f"{self._socket.path}: not a HAProxy configured by entrykit: {error}"]
        except OSError as error:
            errors = [f"{error.filename or self._certs}: {error.strerror}"]
        self._report_new(errors)

    def _update_haproxy(self, index: certificate_folder.Index) -> Sequence[str]:
        served = {each.name for each in index.served}
        listed = {name for name, _ in self._socket.crt_list_entries()}
        if index is self._index and listed == served:
            return self._errors
        files, errors = self._read_files(served)
        # HAProxy keeps what it has of a file that is incomplete at the moment.
        leaving = listed - set(os.listdir(self._certs))
        swapped = swap(self._socket, SwapTarget(tuple(files), leaving, index.groups), None)
        self._index = index
        if swapped.presented:
            self._log.info(f"HAProxy now serves {', '.join(swapped.presented)}")
        if leaving:
            self._log.info(f"HAProxy no longer serves {', '.join(sorted(leaving))}")
        errors += [f"{name}: {error}" for name, error in swapped.errors.items()]
        return [*(f"not served: {message}" for message in index.left_out), *errors]

    def _read_files(self, names: set[str]) -> tuple[list[PemFile], list[str]]:
        files, errors = [], []
        for name in sorted(names):
            try:
                files.append(pem_file.read_pem_file(self._certs, name))
            except InvalidPem as reason:
                errors.append(f"{name}: {reason}")
        return files, errors

    def _report_new(self, errors: Sequence[str]) -> None:
        for error in errors:
            if error not in self._errors:
                self._log.warning(error)
        self._errors = errors


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Follow a directory until a signal stops it.

    Args:
        argv: the arguments after the program's name.
        environ: read for the format of the log only.

    Returns:
        0 after a signal to stop, 64 for wrong arguments.
    """
    signals = Signals()
    signals.listen()
    log = make_log(environ)
    log.adjust_level(list(argv).count("-v"))
    try:
        follower = _make_follower([each for each in argv if each != "-v"], log)
        while True:
            follower.refresh()
            signals.sleep(_INTERVAL)
    except Stopped:
        return 0
    except UsageError as error:
        log.error(str(error))
        return error.exit_code


def _make_follower(arguments: Sequence[str], log: Log) -> Follower:
    if len(arguments) != 2:  # noqa: PLR2004 -- those of the first line
        raise UsageError("expected two arguments: CERTS_DIR ADMIN_SOCKET")
    return Follower(arguments[0], AdminSocket(arguments[1]), log)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
