"""What cf-serverd needs beside its policy: folders, modes, keys, and cf-promises at its place.

It says nothing where one of them is missing, and starts open or with another policy; all of
that was tried with 3.21.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

from entrykit.daemon.check import run
from entrykit.errors import CommitError, SettingsError
from entrykit.files.fs import link_file, make_folder
from entrykit.files.transaction import lock_folder, wrap_os_errors
from entrykit.log import Log
from entrykit.roles.cf_serverd import exposure, keys
from entrykit.roles.cf_serverd.policy_files import link_live, link_staged
from entrykit.roles.cf_serverd.settings import CfServerdSettings
from entrykit.roles.cf_serverd.workdir import build_program_environ, program

_PRIVATE_BITS: Final = 0o077
_OTHERS_WRITE: Final = 0o022


def stage(settings: CfServerdSettings, folder: str, _log: Log) -> None:
    """Link what the policy includes into a directory that is only checked."""
    link_staged(settings, folder)


def prepare_host(settings: CfServerdSettings, log: Log) -> None:
    """Make ready what has to be there before cf-serverd starts.

    Args:
        settings: CFENGINE_WORKDIR and all that it holds.
        log: told of keys, and of folders that are empty or get another mode.

    Raises:
        CommitError: something cannot be made, or cf-serverd cannot run as this user.
        SettingsError: a path is not there, or an address is not this machine's.
    """
    environ = build_program_environ(settings)
    _refuse_without_account(environ)
    _refuse_absent(settings, log)
    work = settings.cfengine_workdir
    with wrap_os_errors(work):
        _make_folders(settings)
    with wrap_os_errors(f"{work}/bin"), lock_folder(f"{work}/bin"):
        _link_promises(work, environ)
    with wrap_os_errors(settings.config_dir):
        link_live(settings, log)
    with wrap_os_errors(f"{work}/ppkeys"):
        _restrict_keys(f"{work}/ppkeys", log)
        with lock_folder(
            f"{work}/ppkeys"
        ):  # hubs may share it that have folders of policy of their own
            keys.prepare_keys(settings, environ, log)
    _refuse_unsafe(settings.config_dir)


def _refuse_without_account(environ: Mapping[str, str]) -> None:
    """Refuse a user without a name where this build of cf-serverd does: not all of them do."""
    import pwd

    with suppress(KeyError):
        pwd.getpwuid(os.geteuid())
        return
    status, said = run([program("cf-serverd", environ), "--version"], environ)
    if status:
        number = os.geteuid()
        raise CommitError(
            "/etc/passwd",
            f"no line for uid {number}, without which cf-serverd ends ({status}): {said.strip()}",
            f"run it as a user of the image, or add hub:x:{number}:{os.getegid()}::/:/bin/false",
        )


def _refuse_absent(settings: CfServerdSettings, log: Log) -> None:
    """Refuse what would be served and is not there: cf-serverd says nothing."""
    faults = [] if settings.promises else list(exposure.check_masterfiles(settings, log))
    faults += exposure.check_access(settings)
    faults += _check_address(settings.cf_serverd_bindtointerface)
    if faults:
        raise SettingsError(faults)


def _check_address(address: str | None) -> Iterator[str]:
    import socket

    if address is None:
        return
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((address, 0))
    except OSError as error:
        expected = "expected an address of this machine"
        yield f"CF_SERVERD_BINDTOINTERFACE: {address}: {error.strerror} ({expected})"


def _make_folders(settings: CfServerdSettings) -> None:
    work = settings.cfengine_workdir
    for name in ("", "/bin", "/inputs", "/state"):
        make_folder(f"{work}{name}")
    make_folder(settings.config_dir)


def _restrict_keys(path: str, log: Log) -> None:
    """Let nobody else into ppkeys: cf-serverd would end with 1.

    Raises:
        CommitError: its mode cannot be mended, or this user cannot look into it.
    """
    user = f"uid {os.geteuid()}"
    tip = f"have it belong to {user}, with mode 700, and let nobody else into it"
    if make_folder(path):
        os.chmod(path, 0o700)
    elif _mode(path) & _PRIVATE_BITS:
        before, mode = _mode(path), _mode(path) & 0o700
        try:
            os.chmod(path, mode)
        except OSError as error:
            reason = f"its mode is {before:o}, which {user} cannot mend ({error.strerror})"
            raise CommitError(path, f"{reason}: cf-serverd wants keys to itself", tip) from error
        log.info(f"{path}: its mode is {mode:o} now, because cf-serverd wants keys to itself")
    if not os.access(path, os.R_OK | os.X_OK):
        raise CommitError(path, f"{user} may not look into it", tip)


def _mode(path: str) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def _link_promises(work: str, environ: Mapping[str, str]) -> None:
    """Put cf-promises where cf-serverd looks for it before it reads a policy.

    Raises:
        CommitError: one that does not run is there, and is not a link.
    """
    path, own = f"{work}/bin/cf-promises", program("cf-promises", environ)
    if os.path.exists(path) and os.path.samefile(path, own):
        return
    if os.path.islink(path) or not os.path.lexists(path):
        link_file(own, path)
    elif not os.access(path, os.X_OK) or run([path, "--version"], environ)[0]:
        reason = "does not run, and cf-serverd would start with a policy of its own"
        raise CommitError(path, reason, f"remove it: a link to {own} takes its place")


def _refuse_unsafe(folder: str) -> None:
    """Refuse a folder of policy that others may write to; cf-serverd only looks at the file.

    Raises:
        CommitError: it is writable by everybody, or its mode cannot be mended.
    """
    if _mode(folder) & 0o002:
        try:
            os.chmod(folder, _mode(folder) & ~_OTHERS_WRITE)
        except OSError as error:
            number = error.errno or errno.EPERM
            raise CommitError(
                folder, f"everybody may write there ({os.strerror(number)})", "chmod o-w it"
            ) from error
