"""Whether a lineage is from the CA that is asked now."""

from __future__ import annotations

import re
from typing import Final

from entrykit.roles.certbot.lineages import renewal_conf
from entrykit.roles.certbot.plan import Plan

_SERVER: Final = re.compile(r"^server *= *(.*?)\s*$", re.MULTILINE)


def is_another(plan: Plan, lineage: str) -> bool:
    """Whether certbot has the certificate from another server and may replace it.

    By itself certbot would keep it until it is due, such as one for trying after STAGING
    is off. It refuses to replace a real certificate by one for trying, which it knows by
    the URL, so that is none of the cases (certbot's --break-my-certs).
    """
    try:
        found = _SERVER.search(renewal_conf.read(plan.config_dir, lineage))
    except OSError:
        return False
    return found is not None and found[1] != plan.server and "staging" not in plan.server
