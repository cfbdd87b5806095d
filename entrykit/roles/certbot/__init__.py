"""certbot: certificates for all of DOMAINS, kept and delivered to HAProxy.

The role itself is in `role`, and imported only when it is used: the keeper is PID 1 for
months, and certbot waits for its deploy hook.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from entrykit.roles.certbot.role import ROLE

__all__ = ["ROLE"]


def __getattr__(name: str) -> object:
    if name != "ROLE":
        raise AttributeError(name)
    from entrykit.roles.certbot.role import ROLE

    return ROLE
