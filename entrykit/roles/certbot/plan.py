"""The plan: all that the keeper and certbot's hook know, as keeper.conf holds it.

The first line of the file is entrykit's mark, the rest is JSON. Neither reader
looks at the environment, nor needs more than the standard library.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Group:
    """One wanted certificate, before it is cut where there are too many names.

    Attributes:
        name: of the app, the domain or the registered domain; usable as certbot's
            --cert-name and as a file's name.
        names: normalised, in the order of DOMAINS, each in one group only.
    """

    name: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the keeper is to keep.

    Attributes:
        config_dir: certbot's --config-dir.
        work_dir: certbot's --work-dir.
        logs_dir: certbot's --logs-dir.
        ini: path of entrykit.ini, for certbot's --config.
        certbot: version of the installed certbot, such as (2, 1, 0).
        ca_bundle: path of the CAs that the ACME server's certificate is judged by, for
            REQUESTS_CA_BUNDLE in certbot's environment; None for the usual ones.
        groups: the wanted certificates, in the order of DOMAINS.
        challenge: `standalone`, `stateless` or `dns`.
        port: where certbot answers challenges over HTTP.
        certs_dir: where PEM files are delivered; None where nothing is.
        certs_group: the group that may read them; None for none.
        admin_socket: path of HAProxy's admin socket, or None.
        master_socket: path of HAProxy's master socket, or None.
        haproxy_url: where HAProxy answers HTTP, without a slash at its end.
        haproxy_container: the container to send HUP over Docker's socket, or None.
        renew_interval: seconds between rounds; 0 for one round and an exit.
        prune: whether lineages that nobody wants are deleted, and not only retired.
        wait: the most seconds to wait for HAProxy before the first order.
        thumbprint_file: where the account's thumbprint is written, or None.
        server: URL of the ACME server's directory; what another one has issued is of no use.
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
    """Read what a start has written.

    Args:
        path: of keeper.conf.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not a plan.
    """
    import json

    with open(path, encoding="utf-8") as file:
        mark = file.readline()
        text = file.read()
    try:
        return _parse_plan(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{path}: not a plan of entrykit's (after {mark.strip()!r})") from error


def _parse_plan(tree: dict[str, Any]) -> Plan:
    groups = tuple(Group(name, tuple(names)) for name, names in tree["groups"].items())
    return Plan(**tree | {"certbot": tuple(tree["certbot"]), "groups": groups})
