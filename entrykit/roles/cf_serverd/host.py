"""What promises.cf depends on besides the variables: whether this host serves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from entrykit.role import HostFacts
from entrykit.roles.cf_serverd.policy_files import has_framework_link
from entrykit.roles.cf_serverd.settings import CfServerdSettings


@dataclass(frozen=True, slots=True)
class HubHostFacts(HostFacts):
    """The host of a hub.

    Attributes:
        serves: whether the policy is for this host. It then names masterfiles by the path
            that was checked: a def.json beside the policy can make `$(sys.masterdir)` anything
            (tried with 3.21 and 3.27), even /etc or the directory of the keys.
    """

    serves: bool = False

    @classmethod
    def observe(cls, _environ: Mapping[str, str]) -> Self:
        """Observe this host."""
        return cls(serves=True)

    @classmethod
    def defaults(cls, environ: Mapping[str, str]) -> Mapping[str, str]:
        """Allow replacing a promises.cf that is entrykit's own link into a framework."""
        decided = environ.get("ENTRYKIT_OVERWRITE") or environ.get("ENTRYKIT_OVERWRITE_FILE")
        linked = not decided and has_framework_link(CfServerdSettings.folder(environ))
        return {"ENTRYKIT_OVERWRITE": "on"} if linked else {}
