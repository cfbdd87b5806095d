"""The stack of deploy/compose.yaml with an authority for trying, as deploy/try.env has it."""

from __future__ import annotations

import re
import ssl
from http.client import HTTPSConnection

from containers.asking import Client
from containers.composing import DEPLOY, Stack
from haproxy.polling import eventually
from haproxy.ports import free_port

PEBBLE = ("ghcr.io/letsencrypt/pebble:2.10.1", "ghcr.io/letsencrypt/pebble-challtestsrv:2.10.1")
TRY = ("--env-file", DEPLOY / "try.env")
NAMES = ("one.example", "www.one.example", "two.example")
FIRST = 120  # seconds from empty volumes to certificates, on a machine that is busy


class Trial(Stack):
    """The stack with Pebble, as try.env has it, on ports of its own."""

    def __init__(self, evidence, **variables):
        self.http, self.https, self.roots = (free_port() for _ in range(3))
        told = {
            "HTTP": f"127.0.0.1:{self.http}",
            "HTTPS": f"127.0.0.1:{self.https}",
            "PUBLIC_HTTPS_PORT": str(self.https),
            "PEBBLE_ROOTS": f"127.0.0.1:{self.roots}",
        }
        super().__init__(DEPLOY / "compose.yaml", told | variables, evidence, TRY)

    def root(self):
        """What Pebble's certificates are trusted by, as try.env says how to get it."""
        connection = HTTPSConnection(
            "127.0.0.1", self.roots, timeout=5, context=ssl._create_unverified_context()
        )
        try:
            connection.request("GET", "/roots/0")
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def orders(self):
        return len(re.findall(r"Added order ", self.log("pebble")))

    def issued(self):
        return len(re.findall(r"Issued certificate serial", self.log("pebble")))

    def client(self):
        """A client for the sites, once all of them are trusted."""
        client = Client(self.https, eventually(self.root, FIRST))
        eventually(lambda: all(client.serial(name) for name in NAMES), FIRST)
        return client


def served(client):
    return client.get("one.example")[::2] == (200, "Site one\n")
