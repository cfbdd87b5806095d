"""The real RabbitMQ on loopback, with an epmd, a home and data of its own."""

from __future__ import annotations

import os
import shutil
import ssl
from contextlib import contextmanager
from pathlib import Path

import pika
from haproxy.polling import eventually
from haproxy.ports import free_port
from programs import ENTRYKIT, Running, children, entrykit

EXAMPLES = Path(__file__).parents[3] / "examples"
# The programs themselves: Debian's scripts in /usr/sbin write logs into its folders.
PROGRAMS = "/usr/lib/rabbitmq/bin"
BOOT = 120
ADMIN = 'made#up "pass" \\ $word \'ä'
APP = "app#password"
USERS = [
    {"name": "app", "password": APP, "permissions": {"/": {"read": "^app", "write": ".*"}}},
    {"name": "watch", "password": "watch-made-up", "tags": ["monitoring"]},
]


class Broker:
    """Where one RabbitMQ lives, also from start to start."""

    def __init__(self, folder):
        assert shutil.which("rabbitmq-server", path=PROGRAMS), "install rabbitmq-server"
        self.folder = folder
        for name in ("home", "log", "data"):
            (folder / name).mkdir()
        (folder / "plugins").write_text("[rabbitmq_management].")
        self.port, self.tls_port, self.management_port, dist, epmd = (free_port() for _ in range(5))
        self.environ = {
            "PATH": f"{PROGRAMS}:/usr/bin:/bin", "HOME": str(folder / "home"), "LANG": "C.UTF-8",
            "ENTRYKIT_ROLES_PATH": str(EXAMPLES), "CONFIG_DIR": str(folder / "conf.d"),
            "RABBITMQ_NODENAME": f"test{self.port}@localhost", "RABBITMQ_LOGS": "-",
            "RABBITMQ_MNESIA_BASE": str(folder / "data"), "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_NODE_PORT": str(self.port), "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(dist), "ERL_EPMD_PORT": str(epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1", "RABBITMQ_CONF_ENV_FILE": str(folder / "absent"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_SSL_PORT": str(self.tls_port),
            "RABBITMQ_MANAGEMENT_SSL_PORT": str(self.management_port),
        }  # fmt: skip

    @contextmanager
    def names(self):
        """Run the epmd, which RabbitMQ would start itself and leave running."""
        port = self.environ["ERL_EPMD_PORT"]
        argv = ["epmd", "-address", "127.0.0.1", "-port", port]
        with Running(argv, self.environ, self.folder / "epmd") as running:
            yield running

    @contextmanager
    def running(self, variables, log):
        """Run it by entrykit until the block ends, from when it has started on."""
        environ = self.environ | variables
        with Running([ENTRYKIT, "rabbitmq"], environ, log, cwd=self.folder) as running:
            eventually(lambda: self._is_up(running), BOOT)
            yield running

    def _is_up(self, running):
        said = running.log.read_text(errors="replace")
        if running.process.poll() is not None:
            raise RuntimeError(f"ended with {running.process.returncode}: {said}")
        return "Server startup complete" in said

    def entrykit(self, *words, **variables):
        return entrykit(*words, environ=self.environ | variables)

    def connect(self, user, password, vhost="/", context=None):
        """Log in by AMQP and return the connection."""
        given = pika.ConnectionParameters(
            "127.0.0.1", self.tls_port if context else self.port, vhost,
            pika.PlainCredentials(user, password), connection_attempts=1,
            ssl_options=pika.SSLOptions(context, "localhost") if context else None,
        )  # fmt: skip
        return pika.BlockingConnection(given)


def client_context(ca, certificate=None):
    """A client's TLS, which trusts one CA."""
    context = ssl.create_default_context()
    ca.configure_trust(context)
    if certificate:
        certificate.configure_cert(context)
    return context


def processes_below(pid):
    """The PIDs of a process and all that it has started."""
    found, rest = [], [pid]
    while rest:
        found.append(rest.pop())
        rest += children(found[-1])
    return found


def seen_of(pid):
    """What everybody who may look sees of a process: its words, and its environment."""
    return b"".join(
        Path(f"/proc/{pid}/{name}").read_bytes()
        for name in ("cmdline", "environ")
        if os.path.exists(f"/proc/{pid}/{name}")
    )
