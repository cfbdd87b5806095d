"""The hub's pair of keys, and the keys of clients that it trusts: all in ppkeys.

A pair that is there is never replaced: every client that was bootstrapped knows it.
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
from entrykit.roles.cf_serverd.workdir import WORKDIR_OVERRIDE, program
from entrykit.variables.secret import Secret

PRIVATE: Final = "localhost.priv"
PUBLIC: Final = "localhost.pub"
_VARIABLES: Final = {PRIVATE: "CF_SERVERD_PRIVATE_KEY", PUBLIC: "CF_SERVERD_PUBLIC_KEY"}
_DIGEST: Final = re.compile(r"^(?:MD5|SHA)=[0-9a-f]+$", re.MULTILINE)
_OWNER_ONLY: Final = 0o600
_NEW: Final = ".entrykit.new"
_TIP: Final = (
    "put both halves of one pair there; or neither: a new one is made, which no client knows yet"
)


def prepare_keys(settings: CfServerdSettings, environ: Mapping[str, str], log: Log) -> None:
    """See that there is a pair and that it is one; take in keys that are trusted; tell the digest.

    Args:
        settings: CFENGINE_WORKDIR, and the keys that were given.
        environ: what CFEngine's programs are to be run with.
        log: told of a new pair, of each new trusted key, and of the hub's digest.

    Raises:
        CommitError: half a pair is there, or two halves that do not belong together, or none
            can be made.
        SettingsError: the keys that were given are not those that are there, or are no keys.
    """
    folder = f"{settings.cfengine_workdir}/ppkeys"
    _finish(folder)
    given = _read_supplied(settings)
    if given:
        _install(folder, given, log)
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
    if fault := _find_pair_error(private, public):
        raise SettingsError([f"{_VARIABLES[fault[0]]}: {fault[1]}"])
    return {PRIVATE: private, PUBLIC: public}


def _find_pair_error(private: Secret, public: Secret) -> tuple[str, str] | None:
    """Say which of two halves will not do, and why."""
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


def _install(folder: str, given: Mapping[str, Secret], log: Log) -> None:
    """Write the halves that are not there yet; those that are have to be the same."""
    for name, key in given.items():
        path = f"{folder}/{name}"
        wanted = key.reveal().strip()
        if not os.path.lexists(path):
            write_file(path, f"{wanted}\n".encode(), _OWNER_ONLY)
            log.info(f"{path}: written")
        elif _read(path).reveal().strip() != wanted:
            reason = f"{path} is another key, which clients know: it is not replaced"
            raise SettingsError([f"{_VARIABLES[name]}: {reason}"])


def _read(path: str) -> Secret:
    with open(path, encoding="utf-8", errors="replace") as file:
        return Secret(file.read())


def _generate(folder: str, environ: Mapping[str, str], log: Log) -> None:
    """Have cf-key make a pair elsewhere, and move it here: it writes one half after the other."""
    work = f"{folder}/{_NEW}"
    _remove(work)
    os.mkdir(work, 0o700)
    try:
        argv = [program("cf-key", environ)]
        status, said = run(argv, {**environ, WORKDIR_OVERRIDE: work})
        if status or not os.path.exists(f"{work}/ppkeys/{PUBLIC}"):
            reason = f"cf-key made no pair of keys ({status}): {said.strip()}"
            raise CommitError(folder, reason, "look at what it says")
        os.rename(f"{work}/ppkeys/{PRIVATE}", f"{folder}/{PRIVATE}")
        os.rename(f"{work}/ppkeys/{PUBLIC}", f"{folder}/{PUBLIC}")
    finally:
        _remove(work)
    log.info(f"{folder}: a new pair of keys, which clients will know this hub by")


def _finish(folder: str) -> None:
    """Carry on where an earlier start was killed between the two halves of a new pair."""
    new, public = f"{folder}/{_NEW}/ppkeys/{PUBLIC}", f"{folder}/{PUBLIC}"
    if os.path.exists(new) and os.path.exists(f"{folder}/{PRIVATE}"):
        if not os.path.lexists(public):
            os.rename(new, public)
        _remove(f"{folder}/{_NEW}")


def _remove(folder: str) -> None:
    from shutil import rmtree

    rmtree(folder, ignore_errors=True)


def _check_pair(folder: str) -> None:
    """Refuse what is no pair: cf-serverd starts with it, or ends with 0 and hardly a word."""
    paths = [f"{folder}/{name}" for name in (PRIVATE, PUBLIC)]
    for path, other in zip(paths, reversed(paths), strict=True):
        if not os.path.isfile(path):
            reason = f"not there, and the other half of the pair is: {other}"
            if os.path.lexists(path):
                reason = "not a file, nor a link to one"
            raise CommitError(path, reason, _TIP)
    private, public = map(_read, paths)
    if fault := _find_pair_error(private, public):
        raise CommitError(f"{folder}/{fault[0]}", fault[1], _TIP)


def _trust(settings: CfServerdSettings, folder: str, environ: Mapping[str, str], log: Log) -> None:
    """Put each trusted key where cf-serverd looks for it: under the name of its digest."""
    source = settings.cf_serverd_trusted_keys_dir
    if source is None:
        return
    try:
        names = sorted(name for name in os.listdir(source) if name.endswith(".pub"))
    except OSError as error:
        name = "CF_SERVERD_TRUSTED_KEYS_DIR"
        raise SettingsError([f"{name}: {display(source)}: {error.strerror}"]) from None
    if not names:
        log.warning(f"CF_SERVERD_TRUSTED_KEYS_DIR: {display(source)} has no file *.pub")
    faults = []
    for name in names:
        try:
            _install_trusted(f"{source}/{name}", folder, environ, log)
        except ValueError as error:
            faults.append(f"CF_SERVERD_TRUSTED_KEYS_DIR: {display(name)}: {error}")
    if faults:
        raise SettingsError(faults)


def _install_trusted(path: str, folder: str, environ: Mapping[str, str], log: Log) -> None:
    if not os.path.isfile(path):  # of a pipe that nobody writes to, open(2) would not return
        raise ValueError("not a file, nor a link to one")
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
    """Ask cf-key: whether it is MD5 or SHA is a matter of its build.

    Raises:
        ValueError: it is no key to cf-key.
    """
    status, said = run([program("cf-key", environ), "--print-digest", path], environ)
    found = _DIGEST.search(said)
    if status or not found:
        raise ValueError(f"cf-key reads no key there: {said.strip()}")
    return found[0]
