"""Put certbot's directories in order after a kill, a full disk or a power cut.

certbot does not see a lineage whose renewal configuration is empty or whose links are
broken: it creates another one, N-0001, with a new order, and does so at every run. It serves
files that are empty or do not match as they are. All of this was tried with 2.1, 4.0 and
5.5, as was that they go on with what is left here.

The newest certificate of which all four files are there and match is linked again. A lineage
without one is moved to CONFIG_DIR/torn, and ordered again if DOMAINS needs it; nothing is
deleted. A lineage N-0001 that certbot has created is one like any other: its certificate may
be the only one for its names, and `allot` lets it have them.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from typing import Final

from entrykit.files.fs import link_file, move_file, write_file
from entrykit.log import Log
from entrykit.roles.certbot.lineages import pem_set, renewal_conf
from entrykit.roles.certbot.lineages.account import accounts_dir
from entrykit.roles.certbot.lineages.lineages import (
    LineageState,
    inspect_lineage,
    list_folder,
    list_names,
    parse_lineage,
)
from entrykit.roles.certbot.lineages.lock import hold_lock
from entrykit.roles.certbot.lineages.retirement import move_lineage
from entrykit.roles.certbot.plan import Plan
from entrykit.tls import x509

_TORN: Final = "torn"
# Since this version certbot itself knows when a short-lived certificate is due.
_SHORT_LIVED_SINCE: Final = (4, 1)
_DUE: Final = 30 * 86_400  # seconds before the end, in older versions


def repair_all(plan: Plan, log: Log) -> frozenset[str]:
    """Repair or set aside what is torn, before certbot runs; the rest is only read.

    Args:
        plan: CONFIG_DIR, and which lineages are wanted.
        log: gets a line for each change, and for what cannot be repaired.

    Returns:
        The lineages that could not be repaired. No order for one of them may be made: it
        would end up in N-0001.

    Raises:
        CommitError: something is torn, and another certbot is running, perhaps on that.
        OSError: the directories cannot be read, or locked.
    """
    unreadable: set[str] = set()
    torn = [name for name in _list_candidates(plan) if not _is_intact(plan, name, unreadable, log)]
    accounts = [path for path in _list_account_dirs(plan) if _has_empty_registration(path)]
    if not torn and not accounts:
        return frozenset(unreadable)
    with hold_lock(plan.config_dir):
        for path in filter(_has_empty_registration, accounts):
            _set_aside_account(plan, path, log)
        return frozenset(unreadable.union(*(_try_repair(plan, name, log) for name in torn)))


def _list_candidates(plan: Plan) -> list[str]:
    """Return the names of all lineages, and of leftovers that block a wanted one."""
    groups = {group.name for group in plan.groups}
    folders = {
        name
        for folder in ("live", "archive")
        for name in list_folder(os.path.join(plan.config_dir, folder))
        if name in groups or re.sub(r"-[0-9]+\Z", "", name) in groups
    }
    return sorted({*list_names(plan.config_dir), *folders})


def _is_intact(plan: Plan, name: str, unreadable: set[str], log: Log) -> bool:
    """Whether there is nothing to repair in a lineage, or it cannot be read."""
    try:
        state = inspect_lineage(plan.config_dir, name)
        return state.is_intact and not _would_renew_too_early(plan, state)
    except (OSError, ValueError) as error:
        log.error(f"{name}: cannot be read: {error}")
        unreadable.add(name)
        return True


def _would_renew_too_early(plan: Plan, state: LineageState) -> bool:
    """Whether certbot would issue a certificate anew long before it is due."""
    if plan.certbot >= _SHORT_LIVED_SINCE or renewal_conf.has_due_time(state.conf):
        return False
    since, until = x509.validity(state.live.leaf)
    return (until - since) / 2 < _DUE


def _try_repair(plan: Plan, name: str, log: Log) -> set[str]:
    """Repair a lineage or set it aside; return its name if neither is possible."""
    try:
        _repair(plan, inspect_lineage(plan.config_dir, name), log)
    except (OSError, ValueError) as error:
        log.error(f"{name}: torn, and cannot be repaired: {error}")
        return {name}
    return set()


def _repair(plan: Plan, state: LineageState, log: Log) -> None:
    if not state.is_intact:
        number = _find_consistent(state) or _adopt_copied(state)
        if number is None and state.is_elsewhere:
            raise ValueError("its renewal configuration names another directory")
        if number is None:
            _set_aside_lineage(plan, state, log)
            return
        _link(state, number)
        _configure(plan, inspect_lineage(plan.config_dir, state.name))
        log.warning(f"{state.name}: was torn, and has been repaired")
    _set_due_time(plan, inspect_lineage(plan.config_dir, state.name), log)


def _find_consistent(state: LineageState) -> int | None:
    """Return the number of the newest certificate whose four files match."""
    for number in sorted(state.complete_numbers, reverse=True):
        if pem_set.read(state.archive_paths(number)).is_consistent:
            return number
    return None


def _adopt_copied(state: LineageState) -> int | None:
    """Archive what was copied without links: the files are where the links were.

    To order all of it again would exhaust a CA's limits for a week.
    """
    if not state.live.is_consistent:
        return None
    number = max(set.union(*state.archive_numbers.values()), default=0) + 1
    os.makedirs(state.archive, exist_ok=True)
    for kind, path in state.archive_paths(number).items():
        mode = stat.S_IMODE(os.stat(state.live.paths[kind]).st_mode)
        write_file(path, state.live.data[kind], mode)
    return number


def _link(state: LineageState, number: int) -> None:
    """Make a certificate the one that is served, and that certbot goes on with."""
    for newer in {each for each in state.complete_numbers if each > number}:
        for path in state.archive_paths(newer).values():
            move_file(path, f"{path}.torn")
    for kind, path in state.live.paths.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        target = os.path.join("..", "..", "archive", state.name, f"{kind}{number}.pem")
        link_file(target, path)
        # certbot's own note of the link's former target: certbot would restore that.
        with suppress(FileNotFoundError):
            os.unlink(os.path.join(os.path.dirname(path), f"previous_{kind}.pem"))


def _set_aside_lineage(plan: Plan, state: LineageState, log: Log) -> None:
    away = _choose_torn_path(plan, state.name)
    move_lineage(plan.config_dir, state.name, away)
    log.warning(
        f"{state.name}: its files are incomplete or do not match; moved to {away}, "
        "and ordered again if DOMAINS needs it"
    )


def _choose_torn_path(plan: Plan, name: str) -> str:
    """Return a path in CONFIG_DIR/torn that does not exist yet."""
    path = first = os.path.join(plan.config_dir, _TORN, name)
    numbers = count(2)
    while os.path.lexists(path):
        path = f"{first}.{next(numbers)}"
    return path


def _configure(plan: Plan, state: LineageState) -> None:
    """Give certbot a configuration that leads here: its own if that can be read, or a new one."""
    if not renewal_conf.is_legible(state.conf):
        key = "rsa" if x509.key_kind(state.live.leaf) == "rsa" else "ecdsa"
        os.makedirs(os.path.dirname(renewal_conf.path(state.folder, state.name)), exist_ok=True)
        renewal_conf.write(
            state.folder, state.name, renewal_conf.make_minimal(plan, state.expected_paths, key)
        )
    elif not state.names_own_paths:
        text = renewal_conf.replace_paths(state.conf, state.expected_paths)
        renewal_conf.write(state.folder, state.name, text)


def _set_due_time(plan: Plan, state: LineageState, log: Log) -> None:
    """Have certbot renew a short-lived certificate when it is due, and not at each run."""
    if state.is_intact and _would_renew_too_early(plan, state):
        margin = parse_lineage(state).margin
        renewal_conf.write(state.folder, state.name, renewal_conf.add_due_time(state.conf, margin))
        log.info(f"{state.name}: set to be renewed {margin / 3600:.0f} h before its end")


def _list_account_dirs(plan: Plan) -> Iterable[str]:
    place = accounts_dir(plan)
    return (os.path.join(place, name) for name in list_folder(place))


def _has_empty_registration(path: str) -> bool:
    """Whether an account has an empty registration, with which every run of certbot fails."""
    try:
        return os.path.getsize(os.path.join(path, "regr.json")) == 0
    except OSError:
        return False


def _set_aside_account(plan: Plan, path: str, log: Log) -> None:
    away = _choose_torn_path(plan, f"account-{os.path.basename(path)}")
    os.makedirs(os.path.dirname(away), mode=0o700, exist_ok=True)
    move_file(path, away)
    log.warning(f"{path}: its registration is empty; moved to {away}")
