"""RabbitMQ by the variables that its official image has dropped, and users by one of ours."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from entrykit.quoting.base import QuotingError
from entrykit.role import Role
from entrykit.variables.secret import Secret, Snippet

from .prepare import prepare
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


def _makes(settings: RabbitmqSettings, path: str) -> bool:
    return path != _DEFINITIONS or bool(settings.users)


def _command(_settings: RabbitmqSettings) -> Sequence[str]:
    return ["rabbitmq-server"]


def _bare(command: Sequence[str]) -> Sequence[str]:
    return command


def _check(folder: str) -> Sequence[str]:
    """Have RabbitMQ's own schemas judge the file, by the parser that its boot uses."""
    return ["escript", str(_HERE / "check.escript"), f"{folder}/{_MAIN}"]


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
    templates=_HERE / "templates",
    makes=_makes,
    main=_MAIN,
    quotes={".conf": conf, ".json": whole},
    daemon="rabbitmq-server",
    entrypoint="/usr/local/bin/docker-entrypoint.sh",
    command=_command,
    bare=_bare,
    check=_check,
    environ=_environ,
    reads=_reads,
    prepare=prepare,
    secret_places=(r'("password_hash": ").*$',),
)
