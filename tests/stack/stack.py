"""The whole stack on loopback: HAProxy, certbot and nginx with one DOMAINS and one Pebble."""

from __future__ import annotations

import ssl

from haproxy.edge import Edges
from haproxy.polling import eventually
from haproxy.ports import free_port
from nginx_static.web import Webs
from programs import ENTRYKIT, Running

FIRST_ISSUE = 30  # seconds that the first certificates may take


class Trust:
    """Clients that trust what an authority has issued, and nothing else."""

    def __init__(self, root):
        self._root = root

    def client(self, protocols=("http/1.1",)):
        """Make the TLS context of a client; it wants the right name as well."""
        context = ssl.create_default_context(cadata=self._root)
        context.set_alpn_protocols(protocols)
        return context


class Stack:
    """Three containers' worth of programs, and the volumes that they share.

    Attributes:
        edge: `entrykit haproxy`.
        web: `entrykit nginx-static`.
        keeper: `entrykit certbot`, from its start on.
        pebble: the authority, which connects to the edge.
        certs: the folder that certbot writes for HAProxy.
        letsencrypt: certbot's own volume.
    """

    def __init__(self, root, pebble, path, evidence):
        self.root, self.pebble = root, pebble
        self.letsencrypt = root / "letsencrypt"
        self.port = free_port()
        self._path = path
        self._edges = Edges(root, Trust(pebble.root()), path, evidence)
        self._webs = Webs(root, path, evidence)
        self._evidence = evidence
        self.edge = self.web = self.keeper = None

    def __enter__(self):
        self._edges.__enter__()
        self._webs.__enter__()
        self._evidence.append(self.evidence)
        return self

    def __exit__(self, *_):
        self._evidence.remove(self.evidence)
        if self.keeper:
            self.keeper.__exit__()
        self._webs.__exit__()
        self._edges.__exit__()

    # its programs

    def serve(self, files, domains, **variables):
        """Start nginx-static with files: paths below WWW_ROOT to texts."""
        networks = {"TRUSTED_PROXIES": "127.0.0.0/8", "NGINX_LOGS": "json"}
        self.web = self._webs(files, DOMAINS=domains, **networks | variables)
        return self.web

    @property
    def app(self):
        """How DOMAINS names the nginx: its address and its port."""
        return f"127.0.0.1:{self.web.port('HTTP')}"

    def front(self, domains, **variables):
        """Make the HAProxy; it does not run yet."""
        told = {
            "HTTP_PORT": str(self.pebble.http_port),
            "ADMIN_SOCKET": "admin.sock",
            "ACME_BACKEND": f"127.0.0.1:{self.port}",
        }
        self.edge = self._edges.made(DOMAINS=domains, **told | variables)
        return self.edge

    def told(self, domains, **variables):
        """The variables of certbot; None takes one away."""
        folder = self.letsencrypt
        environ = {
            "PATH": self._path,
            "DOMAINS": domains,
            "EMAIL": "ops@example.org",
            "ACME_SERVER": self.pebble.directory,
            "ACME_CA_BUNDLE": str(self.pebble.bundle),
            "CONFIG_DIR": str(folder),
            "CERTS_DIR": str(self.edge.certs),
            "ADMIN_SOCKET": self.edge.environ["ADMIN_SOCKET"],
            "ACME_PORT": str(self.port),
            "HAPROXY_URL": f"http://127.0.0.1:{self.pebble.http_port}",
        }
        return {name: value for name, value in (environ | variables).items() if value is not None}

    def keep(self, domains, prefix=(), **variables):
        """Start certbot's keeper; `prefix` is a program that runs it."""
        argv = [*prefix, ENTRYKIT, "certbot"]
        self.keeper = Running(argv, self.told(domains, **variables), self.log)
        return self.keeper

    def once(self, domains, **variables):
        """Run one round to its end, and return the exit status."""
        with self.keep(domains, **variables | {"RENEW_INTERVAL": "0"}) as keeper:
            return keeper.ended()

    @property
    def log(self):
        return self.root / "certbot.log"

    # what is seen of it

    def trusted(self, *names):
        """Whether each name is served with a certificate that a client trusts."""
        return all(self.is_trusted(name) for name in names)

    def is_trusted(self, name):
        try:
            with self.edge.tls(name):
                return True
        except (OSError, ssl.SSLError):
            return False

    def comes(self, *names, seconds=FIRST_ISSUE):
        """Wait until each name is trusted."""
        eventually(lambda: self.trusted(*names), seconds)

    def serial(self, name):
        """The serial number of the certificate that is presented."""
        with self.edge.tls(name) as connection:
            return connection.getpeercert()["serialNumber"]

    def evidence(self):
        """For the report of a failure: what certbot has said."""
        if self.log.exists():
            yield "certbot", self.log.read_text(errors="replace")[-10_000:]
