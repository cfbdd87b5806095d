"""The container's main program: keeps a certificate for every name, for ever or once.

`python -m entrykit.roles.certbot.keeper [-v] [--thumbprint] CONFIG_DIR/keeper.conf`

It stays PID 1, so it survives every error that may be gone in a later round: a CA that is
down, a full disk, a HAProxy that is not running. SIGTERM and SIGINT end it within a second;
SIGHUP and SIGUSR1 start a round now.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final, TextIO, cast

from entrykit.errors import EX_SOFTWARE, EntrykitError, UsageError
from entrykit.files.transaction import wrap_os_errors
from entrykit.log import Log, make_log
from entrykit.roles.certbot.keeper.progress import Bar, Progress
from entrykit.roles.certbot.keeper.rounds import Rounds
from entrykit.roles.certbot.ordering.certbot_cli import Certbot
from entrykit.roles.certbot.ordering.orders import Orders
from entrykit.roles.certbot.ordering.preflight import Preflight
from entrykit.roles.certbot.ordering.thumbprint import obtain_thumbprint, publish
from entrykit.roles.certbot.plan import Plan, read_plan
from entrykit.roles.certbot.process.signals import Signals, Stopped

_JITTER: Final = 0.1  # of RENEW_INTERVAL, so that not all keepers call the CA at once
_BUSY_TIMEOUT: Final = 60.0  # seconds at most that a single round waits for another certbot
_POLL_INTERVAL: Final = 5.0  # seconds between two attempts of that
_MIN_PAUSE: Final = 5.0  # seconds between rounds: a certificate may be due as soon as it is issued
_RETRY_PAUSE: Final = 15.0  # seconds after which a round that failed as a whole is repeated


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Keep the certificates of a plan.

    Args:
        argv: the command line after the program's name.
        environ: certbot's environment; the keeper itself only reads the log's format from it.

    Returns:
        0 after a signal to stop. For a single round, 0 if every name has a certificate, 1
        if not, and 128 plus the number of a signal that ended it early.
    """
    signals = Signals()
    signals.listen()
    bar = Bar(sys.stderr) if sys.stderr and sys.stderr.isatty() else None
    log = make_log(environ, cast("TextIO", bar) if bar else None)
    log.adjust_level(list(argv).count("-v"))
    try:
        certbot = Certbot(_load_plan(argv), environ, signals, log)
        return _run(certbot, Progress(log, bar), asked="--thumbprint" in argv)
    except EntrykitError as error:
        log.error(str(error))
        return error.exit_code
    except Exception:  # noqa: BLE001 -- the boundary: everything else is a bug
        import traceback

        log.error(traceback.format_exc())
        log.error("this is a bug in entrykit: please report it with the lines above")
        return EX_SOFTWARE


def _run(certbot: Certbot, progress: Progress, *, asked: bool) -> int:
    """Print the thumbprint, or keep the certificates until a signal to stop."""
    try:
        return _print_thumbprint(certbot) if asked else _run_rounds(certbot, progress)
    except Stopped as stopped:
        certbot.log.info("stopped")
        return 128 + stopped.number if asked or not certbot.plan.renew_interval else 0


def _load_plan(argv: Sequence[str]) -> Plan:
    if not argv:
        raise UsageError("no plan given: the path of keeper.conf is required")
    try:
        return read_plan(argv[-1])
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{error}\nTIP: `entrykit certbot` writes it and starts the keeper"
        ) from None


def _print_thumbprint(certbot: Certbot) -> int:
    """Print the account's thumbprint, and write it to THUMBPRINT_FILE."""
    found = obtain_thumbprint(certbot)
    print(found, flush=True)  # noqa: T201 -- the program's output
    path = certbot.plan.thumbprint_file
    if path:
        with wrap_os_errors(os.path.dirname(path)):
            publish(path, found)
    return 0


def _run_rounds(certbot: Certbot, progress: Progress) -> int:
    plan, signals, log = certbot.plan, certbot.signals, certbot.log
    rounds = Rounds(certbot, Orders(certbot, Preflight(plan, signals, log)), progress)
    regular = began = time.monotonic()
    hurry = False
    while True:
        is_regular = hurry or time.monotonic() >= regular
        if is_regular:
            regular = time.monotonic() + _pick_interval(plan)
        whole = _run_round(
            rounds, log, regular=is_regular, hurry=hurry, once=not plan.renew_interval
        )
        if not plan.renew_interval:
            if rounds.busy and _wait_for_other(certbot, began):
                hurry = True
                continue
            return 0 if whole and rounds.complete else 1
        pause = rounds.retry_delay() if whole else _RETRY_PAUSE
        seconds = max(_MIN_PAUSE, min(pause or float("inf"), regular - time.monotonic()))
        log.info(f"the next round is in {seconds:.0f} s")
        hurry = signals.sleep(seconds)


def _wait_for_other(certbot: Certbot, began: float) -> bool:
    """Wait a moment for another certbot; return False if that takes too long."""
    left = began + _BUSY_TIMEOUT - time.monotonic()
    if left <= 0:
        return False
    certbot.log.info(f"waiting for the other certbot, {left:.0f} s at most")
    certbot.signals.sleep(_POLL_INTERVAL)
    return True


def _pick_interval(plan: Plan) -> float:
    return plan.renew_interval * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 -- a jitter


def _run_round(rounds: Rounds, log: Log, *, regular: bool, hurry: bool, once: bool) -> bool:
    """Do one round; return whether it was completed."""
    try:
        rounds.run(regular=regular, hurry=hurry)
    except OSError as error:
        when = "the next run tries again" if once else f"retried in {_RETRY_PAUSE:.0f} s"
        log.error(f"{error.filename or 'the system'}: {error.strerror or error}; {when}")
        return False
    except EntrykitError as error:
        log.error(str(error))
        return False
    return True
