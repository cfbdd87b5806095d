"""Pebble, a certificate authority for tests, with a name server that says what it is told."""

from __future__ import annotations

import json
import os
import re
import ssl
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import trustme
from haproxy.ports import free_port
from programs import Running

DAY = 24 * 60 * 60


class Pebble:
    """One authority on loopback, with a root of its own at each start.

    Args:
        folder: for its files; one that does not exist yet is made.
        http_port: where it connects for http-01; a free one unless told.
        validity: of the certificates, in seconds; 90 days unless told.
        profiles: names of profiles (Pebble 2.7 and newer), each with the same validity.
        accounts: key identifier to the secret of an external account; then one is needed.
        blocked: names that it does not issue for, by policy.
        default_ip: where every name is that `dns` was not told about.

    Attributes:
        directory: the URL for certbot's `--server`.
        bundle: the file of the root that its own TLS is trusted by.
    """

    def __init__(  # noqa: PLR0913 -- each is a setting of the authority
        self,
        folder,
        *,
        http_port=None,
        validity=90 * DAY,
        profiles=(),
        accounts=None,
        blocked=(),
        default_ip="127.0.0.1",
    ):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.http_port = http_port or free_port()
        self._default_ip = default_ip
        self._port, self._management, self._names, self._names_http = (
            free_port() for _ in range(4)
        )
        self.directory = f"https://localhost:{self._port}/dir"
        self.bundle = self.folder / "bundle.pem"
        self._log = self.folder / "pebble.log"
        self._stack = None
        self._secure()
        self._configure(validity, profiles, accounts or {}, blocked)

    def _secure(self):
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.bundle)
        own = authority.issue_cert("localhost", "127.0.0.1")
        own.cert_chain_pems[0].write_to_path(self.folder / "cert.pem")
        own.private_key_pem.write_to_path(self.folder / "key.pem")

    def _configure(self, validity, profiles, accounts, blocked):
        profile = {"description": "for tests", "validityPeriod": validity}
        config = {
            "listenAddress": f"127.0.0.1:{self._port}",
            "managementListenAddress": f"127.0.0.1:{self._management}",
            "certificate": str(self.folder / "cert.pem"),
            "privateKey": str(self.folder / "key.pem"),
            "httpPort": self.http_port,
            "tlsPort": free_port(),
            "ocspResponderURL": "",
            "externalAccountBindingRequired": bool(accounts),
            "externalAccountMACKeys": accounts,
            "domainBlocklist": list(blocked),
            "certificateValidityPeriod": validity,
            "profiles": dict.fromkeys(profiles or ["default"], profile),
        }
        self._config = self.folder / "pebble.json"
        self._config.write_text(json.dumps({"pebble": config}))

    # its life

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Start both programs and wait until they answer; told names are forgotten."""
        with ExitStack() as stack:
            names = stack.enter_context(self._name_server())
            names.comes(lambda: self._tell("set-default-ipv6", ip="") == 200)
            pebble = stack.enter_context(self._pebble())
            pebble.comes(lambda: self._ask(self._port, "/dir"))
            self._stack = stack.pop_all()
        return self

    def stop(self):
        """Stop both; ports and files are kept for another start."""
        stack, self._stack = self._stack, None
        if stack:
            stack.close()

    def _name_server(self):
        argv = ["pebble-challtestsrv", "-http01", "", "-https01", "", "-tlsalpn01", ""]
        argv += ["-dns01", f"127.0.0.1:{self._names}", "-defaultIPv4", self._default_ip]
        argv += ["-management", f"127.0.0.1:{self._names_http}"]
        return Running(argv, {"PATH": os.environ["PATH"]}, self.folder / "names.log")

    def _pebble(self):
        argv = ["pebble", "-config", self._config, "-dnsserver", f"127.0.0.1:{self._names}"]
        how = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
        return Running(argv, {"PATH": os.environ["PATH"], **how}, self._log)

    # its names

    def dns(self, name, *addresses):
        """Say where a name is: IPv4 addresses; none at all is a failure of its name server."""
        self._tell("clear-servfail", host=name)
        self._tell("clear-a", host=name)
        if addresses:
            return self._tell("add-a", host=name, addresses=addresses)
        return self._tell("set-servfail", host=name)

    @property
    def default_ip(self):
        """Where every name is that `dns` was not told about."""
        return self._default_ip

    @default_ip.setter
    def default_ip(self, address):
        self._default_ip = address
        self._tell("set-default-ipv4", ip=address)

    def _tell(self, what, **how):
        connection = HTTPConnection("127.0.0.1", self._names_http, timeout=5)
        try:
            connection.request("POST", f"/{what}", json.dumps(how))
            return connection.getresponse().status
        finally:
            connection.close()

    # what it has done

    def root(self):
        """The root that its certificates are trusted by: PEM as text."""
        return self._ask(self._management, "/roots/0")

    def orders(self):
        """How many orders were asked for since the first start, refused ones included."""
        return self._asked("order-plz")

    def finalized(self):
        """For how many orders a certificate was asked for."""
        return self._asked("finalize-order/")

    def issued(self):
        """How many certificates were issued."""
        return len(re.findall(r"Issued certificate serial", self.said))

    @property
    def said(self):
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def _asked(self, path):
        return len(re.findall(rf"POST /{path}\S* -> calling handler", self.said))

    def evidence(self):
        """For the report of a failure: title and text of each thing worth seeing."""
        yield "pebble", "\n".join(self.said.splitlines()[-100:])

    def _ask(self, port, path):
        context = ssl.create_default_context(cafile=self.bundle)
        connection = HTTPSConnection("localhost", port, timeout=5, context=context)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read().decode()
            assert answer.status == 200, body
            return body
        finally:
            connection.close()
