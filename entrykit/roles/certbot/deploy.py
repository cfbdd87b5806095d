"""certbot's deploy hook: `python -m entrykit.roles.certbot.deploy KEEPER_CONF`.

certbot runs it after each successful order, with RENEWED_LINEAGE set to the directory of the
lineage ("Renewing certificates" in its user guide). Whatever its exit code, the certificate
stays; certbot only reports that the hook has failed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from entrykit.errors import EntrykitError, UsageError
from entrykit.log import Log, make_log
from entrykit.roles.certbot.delivery.delivery import deliver_one
from entrykit.roles.certbot.plan import Plan, read_plan

_FAILED: Final = 1


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Deliver the lineage that certbot has just renewed.

    Args:
        argv: the program, and the path of keeper.conf.
        environ: certbot's, with RENEWED_LINEAGE.

    Returns:
        0 if HAProxy serves the certificate, or will from its next start on.
    """
    log = make_log(environ)
    try:
        return 0 if _deploy(argv, environ, log) else _FAILED
    except EntrykitError as error:
        log.error(str(error))
        return error.exit_code


def _deploy(argv: Sequence[str], environ: Mapping[str, str], log: Log) -> bool:
    if len(argv) != 2:  # noqa: PLR2004 -- the program and the path
        raise UsageError("usage: python -m entrykit.roles.certbot.deploy KEEPER_CONF")
    try:
        plan = read_plan(argv[1])
    except (OSError, ValueError) as error:
        raise UsageError(str(error)) from None
    return deliver_one(plan, _read_lineage_name(plan, environ), log)


def _read_lineage_name(plan: Plan, environ: Mapping[str, str]) -> str:
    folder, name = os.path.split(environ.get("RENEWED_LINEAGE", "").rstrip("/"))
    live = os.path.join(plan.config_dir, "live")
    if not name or os.path.realpath(folder) != os.path.realpath(live):
        raise UsageError(f"RENEWED_LINEAGE is not a lineage in {live}")
    return name


if __name__ == "__main__":
    sys.exit(main(sys.argv, os.environ))
