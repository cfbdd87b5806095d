"""The role itself: how certbot and its keeper are configured, judged and started."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from entrykit.quoting.certbot import quote_certbot_ini
from entrykit.quoting.json import quote_json
from entrykit.role import Role
from entrykit.roles.certbot.command_line import THUMBPRINT, pass_through
from entrykit.roles.certbot.host import (
    KEEPER_MODULE,
    MODULE_FLAGS,
    CertbotHostFacts,
    keeper_conf_path,
)
from entrykit.roles.certbot.prepare import prepare
from entrykit.roles.certbot.settings import CertbotSettings

# Nothing can be made there: certbot then judges its ini and touches no folder.
_NOWHERE: Final = "/dev/null/x"


def _command(settings: CertbotSettings) -> Sequence[str]:
    return [sys.executable, *MODULE_FLAGS, KEEPER_MODULE, keeper_conf_path(settings)]


def _complete(settings: CertbotSettings, command: Sequence[str]) -> Sequence[str]:
    """Turn the words that are ours into the keeper: `certbot`, `--thumbprint`."""
    *program, plan = _command(settings)
    return [*program, THUMBPRINT, plan] if THUMBPRINT in command else [*program, plan]


def _emulate_entrypoint(command: Sequence[str]) -> Sequence[str]:
    return command


def _check(folder: str) -> Sequence[str]:
    """Have certbot read the file: of its commands this one alone goes on without folders."""
    words = ["certbot", "plugins", "--quiet", "--config", os.path.join(folder, "entrykit.ini")]
    for name in ("config", "work", "logs"):
        words += [f"--{name}-dir", _NOWHERE]
    return words


def _reads(command: Sequence[str], main: str) -> bool:
    return main in command


ROLE: Final = Role(
    name="certbot",
    summary="certificates for DOMAINS, kept and delivered to HAProxy",
    settings=CertbotSettings,
    templates=Path(__file__).with_name("templates"),
    main="keeper.conf",
    quotes={".ini": quote_certbot_ini, ".conf": quote_json},
    facts=CertbotHostFacts,
    daemon="certbot",
    entrypoint="",  # the official image's is certbot itself, which would end at once
    command=_command,
    complete=_complete,
    bare=_emulate_entrypoint,
    check=_check,
    reads=_reads,
    passes=pass_through,
    prepare=prepare,
    secret_places=(r"(\beab-hmac-key\s*=\s*).*$",),
)
