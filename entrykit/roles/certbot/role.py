"""The role: how certbot and its keeper are configured, checked and started."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from entrykit.quoting.certbot import quote_certbot_ini
from entrykit.quoting.json import quote_json
from entrykit.role import Check, Daemon, Files, Prepare, Role
from entrykit.roles.certbot.command_line import THUMBPRINT, pass_through
from entrykit.roles.certbot.host import (
    KEEPER_MODULE,
    MODULE_FLAGS,
    CertbotHostFacts,
    keeper_conf_path,
)
from entrykit.roles.certbot.prepare import prepare_host
from entrykit.roles.certbot.settings import CertbotSettings

# Nothing can be created there: certbot then checks its ini and touches no directory.
_NOWHERE: Final = "/dev/null/x"


def _command(settings: CertbotSettings) -> Sequence[str]:
    return [sys.executable, *MODULE_FLAGS, KEEPER_MODULE, keeper_conf_path(settings)]


def _complete(settings: CertbotSettings, command: Sequence[str]) -> Sequence[str]:
    """Start the keeper for `certbot`, and ask it for the thumbprint with `--thumbprint`."""
    *program, plan = _command(settings)
    return [*program, THUMBPRINT, plan] if THUMBPRINT in command else [*program, plan]


# Of certbot's commands, only this one works without directories.
_CHECK: Final = ["certbot", "plugins", "--quiet", "--config", "{folder}/entrykit.ini"]
_DIRECTORIES: Final = [
    word for name in ("config", "work", "logs") for word in (f"--{name}-dir", _NOWHERE)
]

ROLE: Final = Role(
    name="certbot",
    summary="certificates for DOMAINS, kept and delivered to HAProxy",
    settings=CertbotSettings,
    files=Files(
        main="keeper.conf",
        quoting={".ini": quote_certbot_ini, ".conf": quote_json},
    ),
    # The official image's entrypoint is certbot itself, which would end at once.
    daemon=Daemon(
        names=["certbot"],
        run=_command,
        complete=_complete,
        passthrough=pass_through,
    ),
    check=Check(argv=[*_CHECK, *_DIRECTORIES]),
    prepare=Prepare(host=prepare_host, host_before_check=True),
    facts=CertbotHostFacts,
    rules=CertbotSettings.conflicts,
)
