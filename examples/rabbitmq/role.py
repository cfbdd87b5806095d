"""RabbitMQ by the variables that its official image has dropped, and users by RABBITMQ_USERS."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from entrykit.api import Check, Daemon, Files, Prepare, QuotingError, Role, Secret, Snippet

from .prepare import RabbitmqHostFacts, open_to_server
from .settings import KEPT, RabbitmqSettings
from .values import can_hold

_HERE: Final = Path(__file__).parent
_MAIN: Final = "90-entrykit.conf"
_DEFINITIONS: Final = "entrykit-definitions.json"
# Those that other programs would see, and that the official entrypoint refuses to start with.
_CONSUMED: Final = frozenset(
    name.upper()
    for name in RabbitmqSettings.model_fields
    if name.startswith("rabbitmq_") and name not in KEPT
)


def conf(value: object) -> str:
    """Write a value of rabbitmq.conf, which has no quotes."""
    if isinstance(value, Snippet):
        return value
    text = value if isinstance(value, str) else str(value)
    if not can_hold(text):
        raise QuotingError(f"{text!r}: rabbitmq.conf cannot hold it")
    return text


def whole(value: object) -> str:
    """Write JSON that is made already."""
    return value.reveal() if isinstance(value, Secret) else str(value)


def _include(settings: RabbitmqSettings, path: str) -> bool:
    return path != _DEFINITIONS or bool(settings.users)


def _environ(settings: RabbitmqSettings, environ: Mapping[str, str]) -> dict[str, str]:
    """Take what is consumed away, and say where the files are if that is not where they were."""
    gone = {*_CONSUMED, *(f"{name}_FILE" for name in _CONSUMED)}
    kept = {name: value for name, value in environ.items() if name not in gone}
    if settings.config_dir != RabbitmqSettings.model_fields["config_dir"].default:
        kept["RABBITMQ_CONFIG_FILES"] = f"{settings.config_dir}/*.conf"
    return kept


def _reads(_command: Sequence[str], main: str) -> bool:
    """Whether the server reads the file: no command names it, it reads all that end so."""
    return os.path.basename(main) == _MAIN


ROLE: Final = Role(
    name="rabbitmq",
    summary="RabbitMQ: users, TLS and the limit of memory",
    settings=RabbitmqSettings,
    files=Files(main=_MAIN, quoting={".conf": conf, ".json": whole}, include=_include),
    daemon=Daemon(
        names=["rabbitmq-server"],
        run=["rabbitmq-server"],
        entrypoint="/usr/local/bin/docker-entrypoint.sh",
        environ=_environ,
        reads=_reads,
    ),
    # RabbitMQ's own schemas, by the parser that its boot uses.
    check=Check(argv=["escript", str(_HERE / "check.escript"), "{main}"]),
    prepare=Prepare(host=open_to_server, host_before_check=True),
    facts=RabbitmqHostFacts,
    rules=RabbitmqSettings.conflicts,
)
