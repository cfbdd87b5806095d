"""nginx for static sites: a folder for each domain, one server block for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from entrykit.quoting.nginx import quote_nginx, quote_nginx_map
from entrykit.role import Role
from entrykit.roles.nginx_static.command_line import SAYS, completed, options
from entrykit.roles.nginx_static.host import NginxMachine
from entrykit.roles.nginx_static.prepare import prepare
from entrykit.roles.nginx_static.settings import NginxSettings


def _command(settings: NginxSettings) -> Sequence[str]:
    return ["nginx", "-c", f"{settings.config_dir}/nginx.conf", "-g", "daemon off;"]


def _complete(settings: NginxSettings, command: Sequence[str]) -> Sequence[str]:
    return completed(command, f"{settings.config_dir}/nginx.conf")


def _bare(command: Sequence[str]) -> Sequence[str]:
    return command


def _check(folder: str) -> Sequence[str]:
    """Judge a folder; -e keeps what nginx says early out of the image's log files."""
    return ["nginx", "-t", "-e", "stderr", "-c", f"{folder}/nginx.conf"]


def _reads(command: Sequence[str], main: str) -> bool:
    return options(command).get("c") == main


ROLE: Final = Role(
    name="nginx-static",
    summary="static sites by Host, a folder for each domain",
    settings=NginxSettings,
    templates=Path(__file__).with_name("templates"),
    main="nginx.conf",
    quotes={".conf": quote_nginx, ".map": quote_nginx_map, ".types": quote_nginx},
    machine=NginxMachine,
    daemon="nginx",
    entrypoint="/docker-entrypoint.sh",
    command=_command,
    complete=_complete,
    bare=_bare,
    check=_check,
    reads=_reads,
    says=SAYS,
    prepare=prepare,
    traces=("nginx.pid",),
)
