"""Clients that ask without a pause while something is changed behind their backs."""

from __future__ import annotations

from threading import Event, Thread

from haproxy.client import ask, written


class Load:
    """Two clients for as long as the `with` block runs: one connection for all, one for each.

    Attributes:
        answered: how many requests got 200.
        failed: what else has happened.
    """

    def __init__(self, edge, host):
        self._edge, self._host = edge, host
        self.answered, self.failed = 0, []
        self._over = Event()
        self._threads = [Thread(target=self._keep), Thread(target=self._renew)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _keep(self):
        """Ask over one connection, which may end only by our own doing."""
        with self._edge.tls(self._host) as connection:
            while not self._over.is_set():
                self._ask(connection)

    def _renew(self):
        """Ask over a new connection each time."""
        while not self._over.is_set():
            try:
                with self._edge.tls(self._host) as connection:
                    self._ask(connection)
            except OSError as error:
                self.failed.append(error)

    def _ask(self, connection):
        try:
            status = ask(connection, written(self._host)).status
        except (OSError, ValueError) as error:
            self.failed.append(error)
            self._over.set()
            return
        if status == 200:
            self.answered += 1
        else:
            self.failed.append(status)
