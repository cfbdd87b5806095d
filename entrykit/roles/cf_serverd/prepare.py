"""What cf-serverd needs besides its policy: directories, modes, keys, and a link to cf-promises.

If any of them is missing, it starts open or with another policy, without a message (tried with
3.21).
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
from entrykit.roles.cf_serverd.workdir import build_program_environ, find_program

_PRIVATE_BITS: Final = 0o077
_OTHERS_WRITE: Final = 0o022
_OPEN_KEYS: Final = "cf-serverd refuses keys that other users may read"


def stage(settings: CfServerdSettings, folder: str, _log: Log) -> None:
    """Link what the policy includes into a directory that is only checked."""
    link_staged(settings, folder)


def prepare_host(settings: CfServerdSettings, log: Log) -> None:
    """Create or refuse what has to exist before cf-serverd starts.

    Args:
        settings: CFENGINE_WORKDIR, CONFIG_DIR, and what is served.
        log: gets messages about keys, empty directories and changed modes.

    Raises:
        CommitError: something cannot be created, or cf-serverd cannot run as this user.
        SettingsError: a path does not exist, or an address is not this host's.
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
        with lock_folder(f"{work}/ppkeys"):  # hubs with other CONFIG_DIRs may share it
            keys.prepare_keys(settings, environ, log)
    _refuse_unsafe(settings.config_dir)


def _refuse_without_account(environ: Mapping[str, str]) -> None:
    """Refuse a user without a name if this build of cf-serverd does: not all of them do."""
    import pwd

    with suppress(KeyError):
        pwd.getpwuid(os.geteuid())
        return
    status, output = run([find_program("cf-serverd", environ), "--version"], environ)
    if status:
        number = os.geteuid()
        reason = f"no line for uid {number}, without which cf-serverd exits ({status})"
        raise CommitError(
            "/etc/passwd",
            f"{reason}: {output.strip()}",
            f"run it as a user of the image, or add hub:x:{number}:{os.getegid()}::/:/bin/false",
        )


def _refuse_absent(settings: CfServerdSettings, log: Log) -> None:
    """Refuse served paths and addresses that do not exist: cf-serverd ignores that."""
    errors = [] if settings.promises else list(exposure.check_masterfiles(settings, log))
    errors += exposure.check_access(settings)
    errors += _check_address(settings.cf_serverd_bindtointerface)
    if errors:
        raise SettingsError(errors)


def _check_address(address: str | None) -> Iterator[str]:
    import socket

    if address is None:
        return
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((address, 0))
    except OSError as error:
        expected = "expected an address of this host"
        yield f"CF_SERVERD_BINDTOINTERFACE: {address}: {error.strerror} ({expected})"


def _make_folders(settings: CfServerdSettings) -> None:
    work = settings.cfengine_workdir
    for name in ("", "/bin", "/inputs", "/state"):
        make_folder(f"{work}{name}")
    make_folder(settings.config_dir)


def _restrict_keys(path: str, log: Log) -> None:
    """Close ppkeys to other users, or cf-serverd would exit with 1.

    Raises:
        CommitError: its mode cannot be changed, or this user cannot read it.
    """
    user = f"uid {os.geteuid()}"
    tip = f"give it to {user}, with mode 700"
    if make_folder(path):
        os.chmod(path, 0o700)
    elif _mode(path) & _PRIVATE_BITS:
        before, mode = _mode(path), _mode(path) & 0o700
        try:
            os.chmod(path, mode)
        except OSError as error:
            reason = f"its mode is {before:o}, which {user} cannot change ({error.strerror})"
            raise CommitError(path, f"{reason}; {_OPEN_KEYS}", tip) from error
        log.info(f"{path}: its mode is {mode:o} now, because {_OPEN_KEYS}")
    if not os.access(path, os.R_OK | os.X_OK):
        raise CommitError(path, f"{user} cannot read it", tip)


def _mode(path: str) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def _link_promises(work: str, environ: Mapping[str, str]) -> None:
    """Link cf-promises to where cf-serverd looks for it before it reads a policy.

    Raises:
        CommitError: a file that is no link is there, and does not run.
    """
    path, own = f"{work}/bin/cf-promises", find_program("cf-promises", environ)
    if os.path.exists(path) and os.path.samefile(path, own):
        return
    if os.path.islink(path) or not os.path.lexists(path):
        link_file(own, path)
    elif not os.access(path, os.X_OK) or run([path, "--version"], environ)[0]:
        reason = "does not run, so cf-serverd would start with its built-in policy"
        raise CommitError(path, reason, f"remove it; a link to {own} replaces it")


def _refuse_unsafe(folder: str) -> None:
    """Make CONFIG_DIR unwritable for others: cf-serverd checks the mode of the file alone.

    Raises:
        CommitError: it is writable by everyone, and its mode cannot be changed.
    """
    if _mode(folder) & 0o002:
        try:
            os.chmod(folder, _mode(folder) & ~_OTHERS_WRITE)
        except OSError as error:
            number = error.errno or errno.EPERM
            raise CommitError(
                folder, f"everyone may write there ({os.strerror(number)})", "chmod o-w it"
            ) from error
