"""The HAProxy that runs now: how it is reached, and what is said where it is not."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from entrykit.log import Log
from entrykit.roles.certbot.delivery import docker_hup
from entrykit.roles.certbot.delivery.admin_socket import AdminSocket, RefusedError, UnreachableError
from entrykit.roles.certbot.delivery.swap import SwapTarget, swap
from entrykit.roles.certbot.plan import Plan

_WORKER_TIMEOUT: Final = 30.0  # seconds for a master to say that its new worker is ready


def update_haproxy(plan: Plan, wanted: SwapTarget, log: Log, *, changed: bool) -> bool:
    """Have HAProxy present what lies in CERTS_DIR.

    Args:
        plan: how it is reached.
        wanted: what it is to have.
        log: told what was done, and what was not.
        changed: whether something in CERTS_DIR is new, so that a HAProxy that cannot
            be asked has to read it.

    Returns:
        False if it runs and does not present what it should.
    """
    if plan.admin_socket is None:
        return _reload_or_wait(plan, "there is no ADMIN_SOCKET", log) if changed else True
    try:
        swapped = swap(AdminSocket(plan.admin_socket), wanted, _choose_reload(plan))
    except UnreachableError as error:
        return _handle_unreachable(plan, error, log, changed=changed)
    except RefusedError as words:
        log.error(f"{plan.admin_socket}: no HAProxy that entrykit has configured: {words}")
        return False
    if swapped.presented:
        log.info(f"HAProxy presents from now on: {', '.join(swapped.presented)}")
    for name, fault in swapped.faults.items():
        log.error(f"{name}: {fault}")
    return not swapped.faults


def _handle_unreachable(plan: Plan, error: UnreachableError, log: Log, *, changed: bool) -> bool:
    reason = f"HAProxy cannot be reached at {plan.admin_socket}: {error}"
    if not changed:
        (log.warning if error.runs else log.debug)(reason)
        return not error.runs
    return _reload_or_wait(plan, reason, log, runs=error.runs)


def _reload_or_wait(plan: Plan, reason: str, log: Log, *, runs: bool = False) -> bool:
    """Reload a HAProxy that cannot be asked, if there is a way; its next start does as well."""
    reload = _choose_reload(plan)
    if reload is None:
        tell = log.warning if runs else log.info
        tell(f"{reason}: HAProxy presents the certificates from its next start on")
        return not runs
    try:
        reload()
    except (RefusedError, UnreachableError, OSError) as error:
        log.error(f"{reason}, and a reload has failed: {error}; HAProxy's next start presents them")
        return False
    log.info(f"{reason}: HAProxy is reloaded")
    return True


def _choose_reload(plan: Plan) -> Callable[[], None] | None:
    if plan.master_socket is not None:
        return AdminSocket(plan.master_socket, _WORKER_TIMEOUT).reload
    if plan.haproxy_container is not None:
        return partial(docker_hup.send_hup, plan.haproxy_container)
    return None
