"""The main of a small container beside one HAProxy of several: it presents what CERTS_DIR has.

`python -m entrykit.roles.certbot.delivery.follow [-v] CERTS_DIR ADMIN_SOCKET`

The keeper writes onto a volume that all of them share, or somebody else into a Kubernetes
Secret; an admin socket is reached in its own pod only. So each HAProxy has one of these, which
needs to read the one and to write to the other, and knows of nothing else. SIGTERM and SIGINT
end it within a second, SIGHUP and SIGUSR1 have it look now.
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

_INTERVAL: Final = 10.0  # seconds between two looks, each of which costs a stat(2) for a file


class Follower:
    """Brings one HAProxy up to one folder.

    Args:
        certs: the folder of PEM files; it is only read.
        socket: HAProxy's admin socket.
        log: told of what changes, and once of each fault.
    """

    def __init__(self, certs: str, socket: AdminSocket, log: Log) -> None:
        self._certs, self._socket, self._log = certs, socket, log
        self._index: certificate_folder.Index | None = None
        self._errors: Sequence[str] = ()

    def look(self) -> None:
        """Have HAProxy present what the folder has by now.

        A HAProxy that was started anew has read the folder by itself; where it cannot be
        reached, or would not, the next look tries again.
        """
        try:
            index = certificate_folder.index(self._certs)
            faults = self._update_haproxy(index)
        except UnreachableError as error:
            faults = [f"HAProxy cannot be reached at {self._socket.path}: {error}"]
        except RefusedError as words:
            faults = [f"{self._socket.path}: no HAProxy that entrykit has configured: {words}"]
        except OSError as error:
            faults = [f"{error.filename or self._certs}: {error.strerror}"]
        self._report_new(faults)

    def _update_haproxy(self, index: certificate_folder.Index) -> Sequence[str]:
        served = {each.name for each in index.served}
        listed = {name for name, _ in self._socket.listed()}
        if index is self._index and listed == served:
            return self._errors
        files, faults = self._read_files(served)
        # A file that is torn just now leaves what HAProxy has of it in place.
        leaving = listed - set(os.listdir(self._certs))
        swapped = swap(self._socket, SwapTarget(tuple(files), leaving, index.groups), None)
        self._index = index
        if swapped.presented:
            self._log.info(f"HAProxy presents from now on: {', '.join(swapped.presented)}")
        if leaving:
            self._log.info(f"HAProxy presents no longer: {', '.join(sorted(leaving))}")
        faults += [f"{name}: {fault}" for name, fault in swapped.faults.items()]
        return [*(f"not served: {message}" for message in index.left_out), *faults]

    def _read_files(self, names: set[str]) -> tuple[list[PemFile], list[str]]:
        files, faults = [], []
        for name in sorted(names):
            try:
                files.append(pem_file.read_pem_file(self._certs, name))
            except InvalidPem as reason:
                faults.append(f"{name}: {reason}")
        return files, faults

    def _report_new(self, faults: Sequence[str]) -> None:
        for fault in faults:
            if fault not in self._errors:
                self._log.warning(fault)
        self._errors = faults


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Follow a folder until told to stop.

    Args:
        argv: the words after the program's name.
        environ: looked at for the looks of the log only.

    Returns:
        0 once it was told to stop, 64 for wrong words.
    """
    signals = Signals()
    signals.listen()
    log = make_log(environ)
    log.adjust_level(list(argv).count("-v"))
    try:
        follower = _make_follower([word for word in argv if word != "-v"], log)
        while True:
            follower.look()
            signals.rest(_INTERVAL)
    except Stopped:
        return 0
    except UsageError as error:
        log.error(str(error))
        return error.exit_code


def _make_follower(words: Sequence[str], log: Log) -> Follower:
    if len(words) != 2:  # noqa: PLR2004 -- those of the first line
        raise UsageError("expected two words: CERTS_DIR ADMIN_SOCKET")
    return Follower(words[0], AdminSocket(words[1]), log)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
