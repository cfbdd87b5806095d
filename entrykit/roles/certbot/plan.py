"""The plan: the configuration of the keeper and of certbot's deploy hook, in keeper.conf.

The first line of the file is entrykit's header, the rest is JSON. Neither program reads its
configuration from the environment, nor needs more than the standard library.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from entrykit.roles.certbot.json_file import read_json


@dataclass(frozen=True, slots=True)
class Group:
    """One wanted certificate, before it is split because of too many host names.

    Attributes:
        name: of the app, the domain or the registered domain; usable as certbot's
            --cert-name and as a file name.
        names: the host names, normalized, in the order of DOMAINS, each in one group only.
    """

    name: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The configuration of the keeper.

    Attributes:
        config_dir: certbot's --config-dir.
        work_dir: certbot's --work-dir.
        logs_dir: certbot's --logs-dir.
        ini: path of entrykit.ini, for certbot's --config.
        certbot: version of the installed certbot, such as (2, 1, 0).
        ca_bundle: path of the CAs that the ACME server's certificate is verified with, for
            REQUESTS_CA_BUNDLE in certbot's environment; None for the system's CAs.
        groups: the wanted certificates, in the order of DOMAINS.
        challenge: `standalone`, `stateless` or `dns`.
        port: on which certbot answers challenges over HTTP.
        certs_dir: where PEM files are delivered; None for no delivery.
        certs_group: the group that may read them, or None.
        admin_socket: path of HAProxy's admin socket, or None.
        master_socket: path of HAProxy's master socket, or None.
        haproxy_url: where HAProxy answers HTTP, without a trailing slash.
        haproxy_container: the container to send HUP over Docker's socket, or None.
        renew_interval: seconds between rounds; 0 for one round and an exit.
        prune: whether unwanted lineages are deleted, and not only retired.
        wait: the most seconds to wait for HAProxy before the first order.
        thumbprint_file: where the account's thumbprint is written, or None.
        server: URL of the ACME server's directory; certificates of another one are replaced.
    """

    config_dir: str
    work_dir: str
    logs_dir: str
    ini: str
    certbot: tuple[int, ...]
    ca_bundle: str | None
    groups: tuple[Group, ...]
    challenge: str
    port: int
    certs_dir: str | None
    certs_group: int | None
    admin_socket: str | None
    master_socket: str | None
    haproxy_url: str
    haproxy_container: str | None
    renew_interval: int
    prune: bool
    wait: int
    thumbprint_file: str | None
    server: str = ""

    def tree(self) -> dict[str, Any]:
        """Return the plan as JSON's own types."""
        groups = {group.name: list(group.names) for group in self.groups}
        return asdict(self) | {"certbot": list(self.certbot), "groups": groups}


def read_plan(path: str) -> Plan:
    """Read the plan that a start has written.

    Args:
        path: of keeper.conf.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not a plan.
    """
    try:
        return read_json(path, _parse_plan, header_lines=1)
    except ValueError as error:
        raise ValueError(f"{path}: not a plan written by entrykit") from error


def _parse_plan(tree: dict[str, Any]) -> Plan:
    groups = tuple(Group(name, tuple(names)) for name, names in tree["groups"].items())
    return Plan(**tree | {"certbot": tuple(tree["certbot"]), "groups": groups})
