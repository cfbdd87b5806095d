"""Service links: variables that container engines set for a service nearby."""

from __future__ import annotations

import re

# A service named `http` puts HTTP_PORT=tcp://10.0.0.1:80 and its kin into every
# pod beside it (Kubernetes, "Environment variables" of "Service"; Docker's links
# did the same before).
_LINK_VALUE = re.compile(r"(?:tcp|udp|sctp)://\S+:\d+")


_LINK_NAME = re.compile(
    r"\w+_(?:SERVICE_(?:HOST|PORT)(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?)"
)


def is_service_link(name: str, value: str) -> bool:
    """Whether a variable is what engines put there for a service beside us."""
    return bool(_LINK_VALUE.fullmatch(value) or _LINK_NAME.fullmatch(name))
