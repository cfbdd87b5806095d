"""The container's main: keeps a certificate for every name, for ever or once.

`python -m entrykit.roles.certbot.keeper [-v] [--thumbprint] CONFIG_DIR/keeper.conf`

It stays PID 1, so it lives through everything that a later round may find mended: a CA
that is down, a full disk, a HAProxy that is not there. SIGTERM and SIGINT end it within
a second, SIGHUP and SIGUSR1 begin a round now.
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

_JITTER: Final = 0.1  # of RENEW_INTERVAL, so that not all keepers come to the CA at once
_BUSY_TIMEOUT: Final = 60.0  # seconds at most that a single round waits for another certbot
_POLL_INTERVAL: Final = 5.0  # seconds between two looks at that
_MIN_PAUSE: Final = 5.0  # seconds between rounds: a certificate may be due as soon as it is issued
_RETRY_PAUSE: Final = 15.0  # seconds after which a round that has failed as a whole is made again


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Keep the certificates of a plan.

    Args:
        argv: the words after the program's name.
        environ: certbot's environment; of ours only the looks of the log.

    Returns:
        0 once it was told to stop, or if every name has a certificate where one round
        was wanted; then 1 if not, and 128 and the number of a signal that ended it early.
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
    except Exception:  # noqa: BLE001 -- the boundary: whatever is left is a bug of ours
        import traceback

        log.error(traceback.format_exc())
        log.error("this is a bug of entrykit: please report it with the lines above")
        return EX_SOFTWARE


def _run(certbot: Certbot, progress: Progress, *, asked: bool) -> int:
    """Answer what is asked, or keep the certificates, until told to stop."""
    try:
        return _print_thumbprint(certbot) if asked else _run_rounds(certbot, progress)
    except Stopped as stopped:
        certbot.log.info("stopped")
        return 128 + stopped.number if asked or not certbot.plan.renew_interval else 0


def _load_plan(argv: Sequence[str]) -> Plan:
    if not argv:
        raise UsageError("no plan: expected the path of keeper.conf")
    try:
        return read_plan(argv[-1])
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{error}\nTIP: `entrykit certbot` writes it and starts the keeper"
        ) from None


def _print_thumbprint(certbot: Certbot) -> int:
    """Print the account's thumbprint, and write it where it is wanted."""
    found = obtain_thumbprint(certbot)
    print(found, flush=True)  # noqa: T201 -- the program's answer
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
        pause = rounds.left() if whole else _RETRY_PAUSE
        seconds = max(_MIN_PAUSE, min(pause or float("inf"), regular - time.monotonic()))
        log.info(f"the next look at what is due is in {seconds:.0f} s")
        hurry = signals.rest(seconds)


def _wait_for_other(certbot: Certbot, began: float) -> bool:
    """Wait a moment for another certbot; False if that takes too long."""
    left = began + _BUSY_TIMEOUT - time.monotonic()
    if left <= 0:
        return False
    certbot.log.info(f"wait for the other certbot, {left:.0f} s at most")
    certbot.signals.rest(_POLL_INTERVAL)
    return True


def _pick_interval(plan: Plan) -> float:
    return plan.renew_interval * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 -- a jitter


def _run_round(rounds: Rounds, log: Log, *, regular: bool, hurry: bool, once: bool) -> bool:
    """Make a round; whether it came to its end."""
    try:
        rounds.run(regular=regular, hurry=hurry)
    except OSError as error:
        when = "the next run tries again" if once else f"tried again in {_RETRY_PAUSE:.0f} s"
        log.error(f"{error.filename or 'the system'}: {error.strerror or error}; {when}")
        return False
    except EntrykitError as error:
        log.error(str(error))
        return False
    return True
