"""Requests without end, over connections that are kept and over new ones."""

from __future__ import annotations

from threading import Event, Thread

from haproxy.client import ask, written


class Load:
    """Asks for a host while the `with` block runs; its end raises what went wrong.

    Attributes:
        asked: how many requests were answered with 200 so far, by kind.
        serials: of the certificates that were presented to new connections.
    """

    def __init__(self, edge, host):
        self.asked = {"kept": 0, "new": 0}
        self.serials = set()
        self._edge, self._host = edge, host
        self._over = Event()
        self._errors = []
        self._threads = [
            Thread(target=self._guarded, args=(run,)) for run in (self._kept, self._new)
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()
        assert not self._errors, self._errors

    def saw(self, serial):
        """A function that says whether a new connection has seen a serial number since now.

        And whether the connection that is kept was used meanwhile.
        """
        kept = self.asked["kept"]
        return lambda: serial in self.serials and self.asked["kept"] > kept

    def _guarded(self, run):
        try:
            run()
        except Exception as error:  # noqa: BLE001 -- raised where the test can see it
            self._errors.append(error)

    def _kept(self):
        with self._edge.tls(self._host) as connection:
            while not self._over.is_set():
                self._ask(connection, "kept")

    def _new(self):
        while not self._over.is_set():
            with self._edge.tls(self._host) as connection:
                self.serials.add(int(connection.getpeercert()["serialNumber"], 16))
                self._ask(connection, "new")

    def _ask(self, connection, kind):
        answer = ask(connection, written(self._host))
        assert answer.status == 200, (kind, answer)
        self.asked[kind] += 1
