"""The variables of the rabbitmq role: those that the official image has dropped, and users."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from pydantic import Field

from entrykit.api import Secret, Settings, Snippet, types

from .users import ALL, User, Users, definitions
from .values import Name, Path, Watermark, can_hold

_NO_LINES: Final = Snippet("")
# Those that RabbitMQ itself reads and the official entrypoint lets pass.
KEPT: Final = frozenset({"rabbitmq_node_ip_address"})

Verify = Literal["verify_peer", "verify_none"]


class Tls(NamedTuple):
    """What the lines of one listener with TLS say; None for those that are left out."""

    prefix: str
    cacertfile: str | None
    certfile: str
    keyfile: str
    verify: Verify
    fail_if_no_peer_cert: bool
    depth: int | None


class RabbitmqSettings(Settings):
    """The variables of the role."""

    config_dir: types.Folder = Field(
        default="/etc/rabbitmq/conf.d", description="Directory of files that RabbitMQ reads."
    )
    rabbitmq_default_user: Name = Field(
        default="guest", description="Name of the user that RABBITMQ_DEFAULT_PASS is of."
    )
    rabbitmq_default_pass: types.Secret | None = Field(
        default=None,
        description="Password of an administrator with all permissions in RABBITMQ_DEFAULT_VHOST; "
        "in force from the next start on, also where the user is there already.",
    )
    rabbitmq_default_vhost: Name = Field(
        default="/", description="Virtual host that there is, if users are defined."
    )
    rabbitmq_users: Users | None = Field(
        default=None,
        description="More users: a JSON or YAML list of maps with `name`, `password`, `tags` and "
        "`permissions`, which are virtual hosts with a regular expression each, or with "
        "`configure`, `write` and `read`.",
        examples=['[{"name": "app", "password": "made-up", "permissions": {"/": ".*"}}]'],
    )
    rabbitmq_ssl_certfile: Path | None = Field(
        default=None,
        description="PEM file of the certificate and its chain; no TLS unless set.",
        examples=["/certs/server.pem"],
    )
    rabbitmq_ssl_keyfile: Path | None = Field(
        default=None, description="PEM file of its key.", examples=["/certs/server.key"]
    )
    rabbitmq_ssl_cacertfile: Path | None = Field(
        default=None,
        description="PEM file of the CAs that clients' certificates are of.",
        examples=["/certs/ca.pem"],
    )
    rabbitmq_ssl_verify: Verify | None = Field(
        default=None,
        description="Whether certificates of clients are verified: `verify_peer` with "
        "RABBITMQ_SSL_CACERTFILE unless set, else `verify_none`.",
        examples=["verify_none"],
    )
    rabbitmq_ssl_fail_if_no_peer_cert: types.Switch | None = Field(
        default=None,
        description="Whether a client has to have one: `on` with `verify_peer` unless set.",
        examples=["off"],
    )
    rabbitmq_ssl_depth: types.Count | None = Field(
        default=None, description="Most intermediate CAs of a client's chain.", examples=["1"]
    )
    rabbitmq_ssl_port: types.Port = Field(default=5671, description="Port for AMQP with TLS.")
    rabbitmq_management_ssl_certfile: Path | None = Field(
        default=None,
        description="The same for the management plugin; RABBITMQ_SSL_CERTFILE unless set.",
        examples=["/certs/management.pem"],
    )
    rabbitmq_management_ssl_keyfile: Path | None = Field(
        default=None,
        description="Its key; RABBITMQ_SSL_KEYFILE unless set.",
        examples=["/certs/management.key"],
    )
    rabbitmq_management_ssl_cacertfile: Path | None = Field(
        default=None,
        description="CAs of clients of the management plugin.",
        examples=["/certs/ca.pem"],
    )
    rabbitmq_management_ssl_verify: Verify = Field(
        default="verify_none", description="Whether certificates of its clients are verified."
    )
    rabbitmq_management_ssl_fail_if_no_peer_cert: types.Switch = Field(
        default=False, description="Whether a client of it has to have one."
    )
    rabbitmq_management_ssl_depth: types.Count | None = Field(
        default=None, description="Most intermediate CAs of such a chain.", examples=["1"]
    )
    rabbitmq_management_ssl_port: types.Port = Field(
        default=15671, description="Port for the management plugin with TLS."
    )
    rabbitmq_vm_memory_high_watermark: Watermark | None = Field(
        default=None,
        description="Memory beyond which publishers wait: a share (`0.4`, `40%`) or an amount "
        "(`512MiB`).",
        examples=["40%", "512MiB"],
    )
    rabbitmq_node_ip_address: types.Addresses = Field(
        default=(),
        description="Addresses to listen on with TLS as well; RabbitMQ itself reads it, and takes "
        "one.",
        examples=["127.0.0.1"],
    )
    rabbitmq_extra_conf: types.Snippet = Field(
        default=_NO_LINES, description="Raw lines of rabbitmq.conf."
    )

    def conflicts(self) -> Iterator[str]:
        """Yield what does not go together."""
        if not can_hold(self.config_dir):
            yield "CONFIG_DIR: rabbitmq.conf cannot hold it (expected ASCII without # and $()"
        if "rabbitmq_default_user" in self.model_fields_set and not self.rabbitmq_default_pass:
            yield "RABBITMQ_DEFAULT_PASS: not set, and RABBITMQ_DEFAULT_USER is (expected both)"
        names = [user.name for user in self._listed]
        if self.rabbitmq_default_pass and self.rabbitmq_default_user in names:
            yield "RABBITMQ_USERS: has the user of RABBITMQ_DEFAULT_USER as well (expected one)"
        for section in ("rabbitmq_ssl", "rabbitmq_management_ssl"):
            yield from self._conflicts(section)
        if self.tls and self.rabbitmq_ssl_port == self.rabbitmq_management_ssl_port:
            yield "RABBITMQ_SSL_PORT: is also RABBITMQ_MANAGEMENT_SSL_PORT (expected another)"

    def _conflicts(self, section: str) -> Iterator[str]:
        given = {name: getattr(self, f"{section}_{name}") for name in ("certfile", "keyfile")}
        upper = section.upper()
        missing = [name.upper() for name, path in given.items() if path is None]
        rest = self.model_fields_set & {f"{section}_{name}" for name in _REST}
        needed = section == "rabbitmq_ssl" and rest
        if missing and (needed or any(given.values())):
            yield f"{upper}_{missing[0]}: not set (expected a certificate and its key)"
        cas = getattr(self, f"{section}_cacertfile") or self.rabbitmq_ssl_cacertfile
        mode = getattr(self, f"{section}_verify")
        verified = mode == "verify_peer" or (mode is None and cas is not None)
        if verified and not cas:
            yield f"{upper}_CACERTFILE: not set, and clients are to be verified (expected CAs)"
        if getattr(self, f"{section}_fail_if_no_peer_cert") and not verified:
            yield f"{upper}_FAIL_IF_NO_PEER_CERT: on, and clients are not verified (expected off)"

    @property
    def _listed(self) -> tuple[User, ...]:
        return self.rabbitmq_users.users if self.rabbitmq_users else ()

    @property
    def users(self) -> tuple[User, ...]:
        """Every user that is defined."""
        if not self.rabbitmq_default_pass:
            return self._listed
        first = User(
            self.rabbitmq_default_user,
            self.rabbitmq_default_pass,
            ("administrator",),
            {self.rabbitmq_default_vhost: ALL},
        )
        return (first, *self._listed)

    @property
    def definitions(self) -> Secret:
        """The file with them."""
        return definitions(self.users, [self.rabbitmq_default_vhost])

    def secrets(self) -> list[str]:
        """Return every secret text, the passwords in RABBITMQ_USERS among them."""
        own = {user.password.reveal() for user in self.users}
        return sorted({*super().secrets(), *own}, key=len, reverse=True)

    @property
    def tls(self) -> tuple[Tls, ...]:
        """The listeners with TLS: that of AMQP, and that of the management plugin."""
        if self.rabbitmq_ssl_certfile is None or self.rabbitmq_ssl_keyfile is None:
            return self._management_tls
        peer: Verify = "verify_peer" if self.rabbitmq_ssl_cacertfile else "verify_none"
        verify = self.rabbitmq_ssl_verify or peer
        required = self.rabbitmq_ssl_fail_if_no_peer_cert
        amqp = Tls(
            "ssl_options",
            self.rabbitmq_ssl_cacertfile,
            self.rabbitmq_ssl_certfile,
            self.rabbitmq_ssl_keyfile,
            verify,
            verify == "verify_peer" if required is None else required,
            self.rabbitmq_ssl_depth,
        )
        return (amqp, *self._management_tls)

    @property
    def _management_tls(self) -> tuple[Tls, ...]:
        certfile = self.rabbitmq_management_ssl_certfile or self.rabbitmq_ssl_certfile
        keyfile = self.rabbitmq_management_ssl_keyfile or self.rabbitmq_ssl_keyfile
        if certfile is None or keyfile is None:
            return ()
        return (
            Tls(
                "management.ssl",
                self.rabbitmq_management_ssl_cacertfile or self.rabbitmq_ssl_cacertfile,
                certfile,
                keyfile,
                self.rabbitmq_management_ssl_verify,
                self.rabbitmq_management_ssl_fail_if_no_peer_cert,
                self.rabbitmq_management_ssl_depth,
            ),
        )

    @property
    def listeners(self) -> tuple[tuple[str, str], ...]:
        """Keys and values of the listeners with TLS for AMQP."""
        if self.rabbitmq_ssl_certfile is None:
            return ()
        port = self.rabbitmq_ssl_port
        if not self.rabbitmq_node_ip_address:
            return (("default", str(port)),)
        hosts = (f"[{each}]" if ":" in each else each for each in self.rabbitmq_node_ip_address)
        return tuple((str(number), f"{host}:{port}") for number, host in enumerate(hosts, 1))


_REST: Final = ("cacertfile", "verify", "fail_if_no_peer_cert", "depth")
