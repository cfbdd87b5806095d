"""Update the running HAProxy, over its admin socket or by a reload."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from entrykit.log import Log
from entrykit.roles.certbot.delivery import docker_hup
from entrykit.roles.certbot.delivery.admin_socket import AdminSocket, RefusedError, UnreachableError
from entrykit.roles.certbot.delivery.swap import SwapTarget, swap
from entrykit.roles.certbot.plan import Plan

_WORKER_TIMEOUT: Final = 30.0  # seconds for a master to report that its new worker is ready


def update_haproxy(plan: Plan, wanted: SwapTarget, log: Log, *, changed: bool) -> bool:
    """Make HAProxy serve what is in CERTS_DIR.

    Args:
        plan: has HAProxy's sockets or container.
        wanted: what it should serve.
        log: gets what was done, and what failed.
        changed: whether something in CERTS_DIR has changed, so that a HAProxy without an
            admin socket has to be reloaded.

    Returns:
        False if it runs and does not serve what it should.
    """
    if plan.admin_socket is None:
        return _reload_or_wait(plan, "ADMIN_SOCKET is not set", log) if changed else True
    try:
        swapped = swap(AdminSocket(plan.admin_socket), wanted, _choose_reload(plan))
    except UnreachableError as error:
        return _handle_unreachable(plan, error, log, changed=changed)
    except RefusedError as error:
        log.error(f"{plan.admin_socket}: not a HAProxy configured by entrykit: {error}")
        return False
    if swapped.presented:
        log.info(f"HAProxy now serves {', '.join(swapped.presented)}")
    for name, message in swapped.errors.items():
        log.error(f"{name}: {message}")
    return not swapped.errors


def _handle_unreachable(plan: Plan, error: UnreachableError, log: Log, *, changed: bool) -> bool:
    reason = f"HAProxy cannot be reached at {plan.admin_socket}: {error}"
    if not changed:
        (log.warning if error.is_running else log.debug)(reason)
        return not error.is_running
    return _reload_or_wait(plan, reason, log, is_running=error.is_running)


def _reload_or_wait(plan: Plan, reason: str, log: Log, *, is_running: bool = False) -> bool:
    """Reload HAProxy if there is a way; otherwise its next start reads the files."""
    reload = _choose_reload(plan)
    if reload is None:
        report = log.warning if is_running else log.info
        report(f"{reason}: HAProxy will serve the certificates after its next start")
        return not is_running
    try:
        reload()
    except (RefusedError, UnreachableError, OSError) as error:
        log.error(
            f"{reason}, and the reload failed: {error}; HAProxy will serve the certificates "
            "after its next start"
        )
        return False
    log.info(f"{reason}: reloaded HAProxy")
    return True


def _choose_reload(plan: Plan) -> Callable[[], None] | None:
    if plan.master_socket is not None:
        return AdminSocket(plan.master_socket, _WORKER_TIMEOUT).reload
    if plan.haproxy_container is not None:
        return partial(docker_hup.send_hup, plan.haproxy_container)
    return None
