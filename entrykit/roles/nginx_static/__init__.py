"""nginx for static sites: a folder for each domain, one server block for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from entrykit.quoting.nginx import quote_nginx, quote_nginx_map
from entrykit.role import Role
from entrykit.roles.nginx_static.command_line import (
    PRINTS_AND_EXITS,
    complete_command,
    parse_options,
)
from entrykit.roles.nginx_static.host import NginxHostFacts
from entrykit.roles.nginx_static.prepare import prepare
from entrykit.roles.nginx_static.settings import NginxSettings


def _command(settings: NginxSettings) -> Sequence[str]:
    return ["nginx", "-c", f"{settings.config_dir}/nginx.conf", "-g", "daemon off;"]


def _complete(settings: NginxSettings, command: Sequence[str]) -> Sequence[str]:
    return complete_command(command, f"{settings.config_dir}/nginx.conf")


def _emulate_entrypoint(command: Sequence[str]) -> Sequence[str]:
    return command


def _check(folder: str) -> Sequence[str]:
    """Judge a folder; -e keeps what nginx says early out of the image's log files."""
    return ["nginx", "-t", "-e", "stderr", "-c", f"{folder}/nginx.conf"]


def _reads(command: Sequence[str], main: str) -> bool:
    return parse_options(command).get("c") == main


ROLE: Final = Role(
    name="nginx-static",
    summary="static sites by Host, a folder for each domain",
    settings=NginxSettings,
    templates=Path(__file__).with_name("templates"),
    main="nginx.conf",
    quotes={".conf": quote_nginx, ".map": quote_nginx_map, ".types": quote_nginx},
    facts=NginxHostFacts,
    daemon="nginx",
    entrypoint="/docker-entrypoint.sh",
    command=_command,
    complete=_complete,
    bare=_emulate_entrypoint,
    check=_check,
    reads=_reads,
    says=PRINTS_AND_EXITS,
    prepare=prepare,
    traces=("nginx.pid",),
)
