"""The way from HAProxy to certbot's port, which is ours while certbot does not have it."""

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

_SAMPLE: Final = 20  # names at most that are asked for while HAProxy is awaited
_PAUSE: Final = 1.0  # seconds between two such questions


class PortError(EntrykitError):
    """certbot's port cannot be had: no name's fault.

    Args:
        port: its number.
        error: what the system said.
    """

    exit_code = 73

    def __init__(self, port: int, error: OSError) -> None:
        self.is_taken = error.errno == errno.EADDRINUSE
        super().__init__(f"port {port}: {os.strerror(error.errno or 0)}")


class Preflight:
    """Tells for which names a challenge would come through.

    Args:
        plan: says where HAProxy is and who answers a challenge.
        signals: what may stop a question.
        log: told of what is waited for.
    """

    def __init__(self, plan: Plan, signals: Signals, log: Log) -> None:
        self._plan, self._signals, self._log = plan, signals, log
        self._listener = Listener(plan.port) if plan.challenge == "standalone" else None
        self._has_waited = False

    def _listen(self) -> None:
        """Answer on certbot's port, where certbot itself would, until it is left."""
        try:
            if self._listener:
                self._listener.open()
        except OSError as error:
            raise PortError(self._plan.port, error) from None

    def leave(self) -> None:
        """Leave the port to certbot: the keeper's own, or one that a person runs."""
        if self._listener:
            self._listener.close()

    def unreachable_names(self, names: Sequence[str], thumbprint: str | None) -> Mapping[str, str]:
        """Ask HAProxy for each name; the first time it may take plan.wait seconds to be ready.

        Args:
            names: host names.
            thumbprint: the account's, for where HAProxy answers by itself.

        Returns:
            The names for which no challenge would come through, each with what was seen.

        Raises:
            PortError: nothing can be told, as certbot's port cannot be had.
            Stopped: the keeper was told to stop.
        """
        if self._plan.challenge == "dns":
            return {}
        self._listen()
        if not self._has_waited:
            self._has_waited = True
            self._wait_for_haproxy(self._sample(), thumbprint)
        return {name: seen.what for name, seen in self._ask(names, thumbprint).items()}

    def _sample(self) -> Sequence[str]:
        """Return some of all names: those that are asked for may be the very ones that fail."""
        names = [name for group in self._plan.groups for name in group.names]
        return names[:: -(-len(names) // _SAMPLE)]

    def _ask(self, names: Sequence[str], thumbprint: str | None) -> Mapping[str, ProbeResult]:
        url, listener = self._plan.haproxy_url, self._listener
        return self._signals.apart(lambda: find_unreachable(names, url, listener, thumbprint))

    def _wait_for_haproxy(self, names: Sequence[str], thumbprint: str | None) -> None:
        """Wait until HAProxy answers for one of the names: it may still be starting.

        Until it has found our address it answers with 503, which is as good as none.
        """
        until = time.monotonic() + self._plan.wait
        said = False
        while _is_all_silent(seen := self._ask(names, thumbprint), names):
            if time.monotonic() > until:
                self._log.warning(f"HAProxy is not ready after {self._plan.wait} s: go on")
                return
            if not said:
                what = next(iter(seen.values())).what
                self._log.info(f"wait for HAProxy, {self._plan.wait} s at most: {what}")
                said = True
            self._signals.wait(_PAUSE)


def _is_all_silent(seen: Mapping[str, ProbeResult], names: Sequence[str]) -> bool:
    return len(seen) == len(names) and all(each.is_silent for each in seen.values())
