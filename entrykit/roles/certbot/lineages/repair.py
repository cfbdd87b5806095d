"""What a kill, a full disk or a power cut leaves in certbot's folders, and its cure.

certbot does not see a lineage whose renewal configuration is empty or whose links lead
nowhere: it makes another one, N-0001, with a new order, and so at every run. It serves
files that are empty or do not belong together as they are. All of this was tried with
2.1, 4.0 and 5.5, as was that they go on with what is left here.

What can be made up from the rest is made up. What cannot is moved to CONFIG_DIR/torn/NAME,
in place of what an earlier time has left there; no certificate that is whole is ever
deleted or passed over. A lineage N-0001 that is there already is one like any other: its
certificate may be the only one for its names, and `allot` lets it have them.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from entrykit.files.fs import link_file, move_file, write_file
from entrykit.log import Log
from entrykit.roles.certbot.lineages import account, pem_set, renewal_conf
from entrykit.roles.certbot.lineages.lineages import (
    LineageState,
    inspect_lineage,
    list_folder,
    names,
    parse_lineage,
)
from entrykit.roles.certbot.lineages.lock import hold_lock
from entrykit.roles.certbot.lineages.pem_set import PemSet
from entrykit.roles.certbot.lineages.retirement import put_away
from entrykit.roles.certbot.plan import Plan
from entrykit.tls import x509

_TORN: Final = "torn"
_SHORT_LIVED_SINCE: Final = (
    4,
    1,
)  # since this version certbot knows itself when a short certificate is due
_DUE: Final = 30 * 86_400  # seconds before the end, up to then


def heal(plan: Plan, log: Log) -> frozenset[str]:
    """Mend what is torn, before certbot runs; what is whole is only read.

    Args:
        plan: where everything is.
        log: told of what was mended, or cannot be.

    Returns:
        The lineages that could not be mended. No order for one of them may be made: it
        would end up in N-0001.

    Raises:
        CommitError: something is torn, and another certbot is at work: perhaps on that.
        OSError: the folders cannot be read, or locked.
    """
    unreadable: set[str] = set()
    torn = [name for name in _list_candidates(plan) if not _is_intact(plan, name, unreadable, log)]
    accounts = [path for path in _list_account_folders(plan) if _has_empty_registration(path)]
    if not torn and not accounts:
        return frozenset(unreadable)
    with hold_lock(plan.config_dir):
        for path in filter(_has_empty_registration, accounts):
            _set_aside_account(plan, path, log)
        return frozenset(unreadable.union(*(_try_repair(plan, name, log) for name in torn)))


def _list_candidates(plan: Plan) -> list[str]:
    """Return the names of lineages, and of what is in the way of one that is wanted."""
    groups = {group.name for group in plan.groups}
    folders = {
        name
        for folder in ("live", "archive")
        for name in list_folder(os.path.join(plan.config_dir, folder))
        if name in groups or re.sub(r"-[0-9]+\Z", "", name) in groups
    }
    return sorted({*names(plan.config_dir), *folders})


def _is_intact(plan: Plan, name: str, unreadable: set[str], log: Log) -> bool:
    """Whether there is nothing to do for a lineage, or nothing that we can do."""
    try:
        state = inspect_lineage(plan.config_dir, name)
        return state.sound and not _would_renew_too_early(plan, state)
    except (OSError, ValueError) as error:
        log.error(f"{name}: cannot be looked at: {error}")
        unreadable.add(name)
        return True


def _would_renew_too_early(plan: Plan, state: LineageState) -> bool:
    """Whether certbot would issue a certificate anew long before it is due."""
    if plan.certbot >= _SHORT_LIVED_SINCE or renewal_conf.has_due_time(state.conf):
        return False
    since, until = x509.validity(state.live.leaf)
    return (until - since) / 2 < _DUE


def _try_repair(plan: Plan, name: str, log: Log) -> set[str]:
    """Mend a lineage, and return it if that is impossible."""
    try:
        _repair(plan, inspect_lineage(plan.config_dir, name), log)
    except (OSError, ValueError) as error:
        log.error(f"{name}: torn, and cannot be mended: {error}")
        return {name}
    return set()


def _repair(plan: Plan, state: LineageState, log: Log) -> None:
    if not state.sound:
        saved = _find_recoverable(state)
        if saved is None and state.is_elsewhere:
            raise ValueError("its renewal configuration leads to another folder")
        if saved is None:
            _set_aside_lineage(plan, state, log)
            return
        _install(state, *saved)
        _configure(plan, inspect_lineage(plan.config_dir, state.name))
        log.warning(f"{state.name}: was torn, and is mended")
    _set_due_time(plan, inspect_lineage(plan.config_dir, state.name), log)


def _set_aside_lineage(plan: Plan, state: LineageState, log: Log) -> None:
    put_away(plan.config_dir, state.name, _TORN)
    away = os.path.join(plan.config_dir, _TORN, state.name)
    log.warning(f"{state.name}: its order was cut off; what is left of it is in {away}")


def _find_recoverable(state: LineageState) -> tuple[int, PemSet] | None:
    """Return the newest certificate that can be made whole, and the number that it gets."""
    numbers = sorted(set.union(*state.archived.values()), reverse=True)
    for number in numbers:
        if made := pem_set.read(state.numbered(number)).completed():
            return number, made
    # Copied without links: the files are where the links were.
    made = state.live.completed()
    return (max(numbers, default=0) + 1, made) if made else None


def _install(state: LineageState, number: int, made: PemSet) -> None:
    """Make a certificate the one that is served, and that certbot will go on with."""
    os.makedirs(state.archive, exist_ok=True)
    for kind, path in state.numbered(number).items():
        if pem_set.read({kind: path}).data[kind] != made.data[kind]:
            write_file(path, made.data[kind], _choose_mode(made.paths[kind], kind))
    for newer in {each for each in state.complete if each > number}:
        for path in state.numbered(newer).values():
            move_file(path, f"{path}.torn")
    for kind, path in state.live.paths.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        target = os.path.join("..", "..", "archive", state.name, f"{kind}{number}.pem")
        if not os.path.islink(path) or os.readlink(path) != target:
            link_file(target, path)
        # certbot's own note of what the link was before: it would go back to that.
        with suppress(FileNotFoundError):
            os.unlink(os.path.join(os.path.dirname(path), f"previous_{kind}.pem"))


def _choose_mode(path: str, kind: str) -> int:
    """Return the mode of a file that is written: as it was, or as certbot has it."""
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        return 0o600 if kind == "privkey" else 0o644


def _configure(plan: Plan, state: LineageState) -> None:
    """Let certbot see the lineage: its own configuration if it can be read, or else ours."""
    if not renewal_conf.is_legible(state.conf):
        key = "rsa" if x509.key_kind(state.live.leaf) == "rsa" else "ecdsa"
        os.makedirs(os.path.dirname(renewal_conf.path(state.folder, state.name)), exist_ok=True)
        renewal_conf.write(
            state.folder, state.name, renewal_conf.make_minimal(plan, state.places, key)
        )
    elif not state.is_here:
        text = renewal_conf.replace_paths(state.conf, state.places)
        renewal_conf.write(state.folder, state.name, text)


def _set_due_time(plan: Plan, state: LineageState, log: Log) -> None:
    """Have certbot itself renew a short certificate when it is due, and not at each run."""
    if state.sound and _would_renew_too_early(plan, state):
        margin = parse_lineage(state).margin
        renewal_conf.write(state.folder, state.name, renewal_conf.add_due_time(state.conf, margin))
        log.info(
            f"{state.name}: certbot is told that it is due {margin / 3600:.0f} h before its end"
        )


def _list_account_folders(plan: Plan) -> Iterable[str]:
    place = account.folder(plan)
    return (os.path.join(place, name) for name in list_folder(place))


def _has_empty_registration(path: str) -> bool:
    """Whether certbot fails because of an account, at every run: its registration is empty."""
    try:
        return os.path.getsize(os.path.join(path, "regr.json")) == 0
    except OSError:
        return False


def _set_aside_account(plan: Plan, path: str, log: Log) -> None:
    away = os.path.join(plan.config_dir, _TORN, f"account-{os.path.basename(path)}")
    os.makedirs(os.path.dirname(away), mode=0o700, exist_ok=True)
    move_file(path, away)
    log.warning(f"{path}: its registration was cut off; what is left of it is in {away}")
