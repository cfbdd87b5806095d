"""The hub's key pair, and the client keys that it trusts: all in ppkeys.

An existing pair is never replaced: every client that was bootstrapped knows it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final

from entrykit.daemon.check import run
from entrykit.display import display
from entrykit.errors import CommitError, SettingsError
from entrykit.files.fs import write_file
from entrykit.log import Log
from entrykit.roles.cf_serverd import rsa_key
from entrykit.roles.cf_serverd.rsa_key import check_encrypted_key
from entrykit.roles.cf_serverd.settings import CfServerdSettings
from entrykit.roles.cf_serverd.workdir import WORKDIR_OVERRIDE, find_program
from entrykit.variables.secret import Secret

PRIVATE: Final = "localhost.priv"
PUBLIC: Final = "localhost.pub"
_VARIABLES: Final = {PRIVATE: "CF_SERVERD_PRIVATE_KEY", PUBLIC: "CF_SERVERD_PUBLIC_KEY"}
_DIGEST: Final = re.compile(r"^(?:MD5|SHA)=[0-9a-f]+$", re.MULTILINE)
_OWNER_ONLY: Final = 0o600
_NEW: Final = ".entrykit.new"
_TIP: Final = (
    "put both halves of one pair there, or neither: a new pair, which no client knows, is created"
)


def prepare_keys(settings: CfServerdSettings, environ: Mapping[str, str], log: Log) -> None:
    """Ensure that there is a valid key pair, install trusted keys, and log the digest.

    Args:
        settings: CFENGINE_WORKDIR, and the user-supplied keys.
        environ: for CFEngine's programs.
        log: gets the creation of a pair, each new trusted key, and the hub's digest.

    Raises:
        CommitError: there is only half a pair, or two halves that do not match, or a pair
            cannot be generated.
        SettingsError: the user-supplied keys are invalid, or differ from the existing ones.
    """
    folder = f"{settings.cfengine_workdir}/ppkeys"
    _finish(folder)
    if supplied := _read_supplied(settings):
        _install(folder, supplied, log)
    elif not os.path.lexists(f"{folder}/{PRIVATE}") and not os.path.lexists(f"{folder}/{PUBLIC}"):
        _generate(folder, environ, log)
    _check_pair(folder)
    _trust(settings, folder, environ, log)
    try:
        digest = _ask_digest(f"{folder}/{PUBLIC}", environ)
    except ValueError as error:
        raise CommitError(f"{folder}/{PUBLIC}", str(error), _TIP) from None
    log.info(f"this hub's key is {digest}: clients pin {PUBLIC} as ppkeys/root-{digest}.pub")


def _read_supplied(settings: CfServerdSettings) -> dict[str, Secret]:
    private, public = settings.cf_serverd_private_key, settings.cf_serverd_public_key
    if private is None or public is None:
        return {}
    if error := _find_pair_error(private, public):
        name, reason = error
        raise SettingsError([f"{_VARIABLES[name]}: {reason}"])
    return {PRIVATE: private, PUBLIC: public}


def _find_pair_error(private: Secret, public: Secret) -> tuple[str, str] | None:
    """Return which of two halves is invalid, and why."""
    known = []
    for name, key in ((PUBLIC, public), (PRIVATE, private)):
        try:
            known.append(rsa_key.read_modulus(key, private=name == PRIVATE))
        except rsa_key.EncryptedKeyError:
            reason = check_encrypted_key(private, rsa_key.decode_pem(public, private=False))
            return (PRIVATE, reason) if reason else None
        except ValueError as error:
            return name, str(error)
    return None if known[0] == known[1] else (PRIVATE, "not the private half of the public key")


def _install(folder: str, supplied: Mapping[str, Secret], log: Log) -> None:
    """Write the missing halves; existing ones have to be the same."""
    for name, key in supplied.items():
        path = f"{folder}/{name}"
        wanted = key.reveal().strip()
        if not os.path.lexists(path):
            write_file(path, f"{wanted}\n".encode(), _OWNER_ONLY)
            log.info(f"{path}: written")
        elif _read(path).reveal().strip() != wanted:
            reason = f"{path} is another key, which clients know; it is not replaced"
            raise SettingsError([f"{_VARIABLES[name]}: {reason}"])


def _read(path: str) -> Secret:
    with open(path, encoding="utf-8", errors="replace") as file:
        return Secret(file.read())


def _generate(folder: str, environ: Mapping[str, str], log: Log) -> None:
    """Have cf-key generate a pair elsewhere, and move it here: it does not write both at once."""
    work = f"{folder}/{_NEW}"
    _remove(work)
    os.mkdir(work, 0o700)
    try:
        argv = [find_program("cf-key", environ)]
        status, output = run(argv, {**environ, WORKDIR_OVERRIDE: work})
        if status or not os.path.exists(f"{work}/ppkeys/{PUBLIC}"):
            reason = f"cf-key generated no key pair ({status}): {output.strip()}"
            raise CommitError(folder, reason, "see its output")
        os.rename(f"{work}/ppkeys/{PRIVATE}", f"{folder}/{PRIVATE}")
        os.rename(f"{work}/ppkeys/{PUBLIC}", f"{folder}/{PUBLIC}")
    finally:
        _remove(work)
    log.info(f"{folder}: generated a new key pair, by which clients will know this hub")


def _finish(folder: str) -> None:
    """Complete the new pair of an earlier start that was killed between its two halves."""
    new, public = f"{folder}/{_NEW}/ppkeys/{PUBLIC}", f"{folder}/{PUBLIC}"
    if os.path.exists(new) and os.path.exists(f"{folder}/{PRIVATE}"):
        if not os.path.lexists(public):
            os.rename(new, public)
        _remove(f"{folder}/{_NEW}")


def _remove(folder: str) -> None:
    from shutil import rmtree

    rmtree(folder, ignore_errors=True)


def _check_pair(folder: str) -> None:
    """Refuse an invalid pair: cf-serverd starts with it, or exits with 0 and hardly a message."""
    paths = [f"{folder}/{name}" for name in (PRIVATE, PUBLIC)]
    for path, other in zip(paths, reversed(paths), strict=True):
        if not os.path.isfile(path):
            reason = f"missing, but the other half of the pair exists: {other}"
            if os.path.lexists(path):
                reason = "not a file or a link to one"
            raise CommitError(path, reason, _TIP)
    private, public = map(_read, paths)
    if error := _find_pair_error(private, public):
        name, reason = error
        raise CommitError(f"{folder}/{name}", reason, _TIP)


def _trust(settings: CfServerdSettings, folder: str, environ: Mapping[str, str], log: Log) -> None:
    """Install each trusted key where cf-serverd looks for it: under the name of its digest."""
    source = settings.cf_serverd_trusted_keys_dir
    if source is None:
        return
    try:
        names = sorted(name for name in os.listdir(source) if name.endswith(".pub"))
    except OSError as error:
        name = "CF_SERVERD_TRUSTED_KEYS_DIR"
        raise SettingsError([f"{name}: {display(source)}: {error.strerror}"]) from None
    if not names:
        log.warning(f"CF_SERVERD_TRUSTED_KEYS_DIR: {display(source)} contains no file *.pub")
    errors = []
    for name in names:
        try:
            _install_trusted(f"{source}/{name}", folder, environ, log)
        except ValueError as error:
            errors.append(f"CF_SERVERD_TRUSTED_KEYS_DIR: {display(name)}: {error}")
    if errors:
        raise SettingsError(errors)


def _install_trusted(path: str, folder: str, environ: Mapping[str, str], log: Log) -> None:
    if not os.path.isfile(path):  # open(2) of a pipe without a writer would not return
        raise ValueError("not a file or a link to one")
    try:
        key = _read(path)
    except OSError as error:
        raise ValueError(error.strerror) from None
    rsa_key.read_modulus(key, private=False)
    digest = _ask_digest(path, environ)
    live = f"{folder}/root-{digest}.pub"
    if not os.path.lexists(live):
        write_file(live, f"{key.reveal().strip()}\n".encode(), _OWNER_ONLY)
        log.info(f"{path}: {digest} is trusted")


def _ask_digest(path: str, environ: Mapping[str, str]) -> str:
    """Ask cf-key for a digest: whether it is MD5 or SHA depends on its build.

    Raises:
        ValueError: cf-key cannot read the key.
    """
    status, output = run([find_program("cf-key", environ), "--print-digest", path], environ)
    found = _DIGEST.search(output)
    if status or not found:
        raise ValueError(f"cf-key cannot read it: {output.strip()}")
    return found[0]
