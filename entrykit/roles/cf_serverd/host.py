"""What promises.cf has to know of the machine: whether it is the one that serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from entrykit.role import HostFacts
from entrykit.roles.cf_serverd.policy_files import has_framework_link
from entrykit.roles.cf_serverd.settings import CfServerdSettings


@dataclass(frozen=True, slots=True)
class HubHostFacts(HostFacts):
    """The machine of a hub.

    Attributes:
        serves: whether the policy is for this machine. It then names masterfiles by the path
            that was judged: `$(sys.masterdir)` would be whatever a def.json beside it says
            (tried with 3.21 and 3.27), /etc or the folder of the keys.
    """

    serves: bool = False

    @classmethod
    def observe(cls, _environ: Mapping[str, str]) -> Self:
        """Look at this machine."""
        return cls(serves=True)

    @classmethod
    def defaults(cls, environ: Mapping[str, str]) -> Mapping[str, str]:
        """Let a promises.cf give way that is the role's own link into a framework."""
        asked = environ.get("ENTRYKIT_OVERWRITE") or environ.get("ENTRYKIT_OVERWRITE_FILE")
        framed = not asked and has_framework_link(CfServerdSettings.folder(environ))
        return {"ENTRYKIT_OVERWRITE": "on"} if framed else {}
