"""A check of the way from HAProxy to certbot's port, before names are ordered."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Mapping, Sequence
from typing import Final

from entrykit.errors import EntrykitError
from entrykit.log import Log
from entrykit.roles.certbot.ordering.listener import Listener
from entrykit.roles.certbot.ordering.reachability import ProbeResult, find_unreachable
from entrykit.roles.certbot.plan import Plan
from entrykit.roles.certbot.process.signals import Signals

_SAMPLE: Final = 20  # names at most that are probed while it waits for HAProxy
_PAUSE: Final = 1.0  # seconds between two such probes


class PortError(EntrykitError):
    """certbot's port is not available, whatever names are ordered.

    Args:
        port: its number.
        error: from the operating system.
    """

    exit_code = 73

    def __init__(self, port: int, error: OSError) -> None:
        self.is_taken = error.errno == errno.EADDRINUSE
        super().__init__(f"port {port}: {os.strerror(error.errno or 0)}")


class Preflight:
    """Checks for which names a challenge would arrive.

    Args:
        plan: has the address of HAProxy, and what answers a challenge.
        signals: may stop a check.
        log: gets what it waits for.
    """

    def __init__(self, plan: Plan, signals: Signals, log: Log) -> None:
        self._plan, self._signals, self._log = plan, signals, log
        self._listener = Listener(plan.port) if plan.challenge == "standalone" else None
        self._has_waited = False

    def _listen(self) -> None:
        """Answer on certbot's port, where certbot itself would, until it is released."""
        try:
            if self._listener:
                self._listener.open()
        except OSError as error:
            raise PortError(self._plan.port, error) from None

    def release_port(self) -> None:
        """Release the port for certbot, run by the keeper or by hand."""
        if self._listener:
            self._listener.close()

    def unreachable_names(self, names: Sequence[str], thumbprint: str | None) -> Mapping[str, str]:
        """Probe each name; the first time, HAProxy has plan.wait seconds to become ready.

        Args:
            names: host names.
            thumbprint: the account's, for when HAProxy answers by itself.

        Returns:
            The names for which no challenge would arrive, each with the problem.

        Raises:
            PortError: certbot's port is not available, so that nothing can be probed.
            Stopped: the keeper received a signal to stop.
        """
        if self._plan.challenge == "dns":
            return {}
        self._listen()
        if not self._has_waited:
            self._has_waited = True
            self._wait_for_haproxy(self._sample(), thumbprint)
        return {name: seen.problem for name, seen in self._probe(names, thumbprint).items()}

    def _sample(self) -> Sequence[str]:
        """Return some of all names: those to be ordered may be the very ones that fail."""
        names = [name for group in self._plan.groups for name in group.names]
        return names[:: -(-len(names) // _SAMPLE)]

    def _probe(self, names: Sequence[str], thumbprint: str | None) -> Mapping[str, ProbeResult]:
        url, listener = self._plan.haproxy_url, self._listener
        return self._signals.run_in_thread(
            lambda: find_unreachable(names, url, listener, thumbprint)
        )

    def _wait_for_haproxy(self, names: Sequence[str], thumbprint: str | None) -> None:
        """Wait until HAProxy answers for one of the names: it may still be starting.

        Until it has found the address of certbot it answers 503, which counts as no answer.
        """
        until = time.monotonic() + self._plan.wait
        is_logged = False
        while _is_all_silent(seen := self._probe(names, thumbprint), names):
            if time.monotonic() > until:
                self._log.warning(
                    f"HAProxy is not ready after {self._plan.wait} s; continuing without"
                )
                return
            if not is_logged:
                problem = next(iter(seen.values())).problem
                self._log.info(f"waiting for HAProxy, {self._plan.wait} s at most: {problem}")
                is_logged = True
            self._signals.wait(_PAUSE)


def _is_all_silent(seen: Mapping[str, ProbeResult], names: Sequence[str]) -> bool:
    return len(seen) == len(names) and all(each.is_silent for each in seen.values())
