"""nginx for static sites: a directory for each domain, one server block for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from entrykit.quoting.nginx import quote_nginx, quote_nginx_map
from entrykit.role import Check, Daemon, Files, Prepare, Role
from entrykit.roles.nginx_static.command_line import (
    PRINTS_AND_EXITS,
    complete_command,
    parse_options,
)
from entrykit.roles.nginx_static.host import NginxHostFacts
from entrykit.roles.nginx_static.prepare import prepare_host
from entrykit.roles.nginx_static.settings import NginxSettings


def _complete(settings: NginxSettings, command: Sequence[str]) -> Sequence[str]:
    return complete_command(command, f"{settings.config_dir}/nginx.conf")


def _reads(command: Sequence[str], main: str) -> bool:
    return parse_options(command).get("c") == main


ROLE: Final = Role(
    name="nginx-static",
    summary="static sites by Host, a directory for each domain",
    settings=NginxSettings,
    files=Files(
        main="nginx.conf",
        quoting={".conf": quote_nginx, ".map": quote_nginx_map, ".types": quote_nginx},
    ),
    daemon=Daemon(
        names=["nginx"],
        run=["nginx", "-c", "{main}", "-g", "daemon off;"],
        entrypoint="/docker-entrypoint.sh",
        complete=_complete,
        reads=_reads,
        prints_and_exits=PRINTS_AND_EXITS,
    ),
    # -e keeps nginx's early messages out of the image's log files.
    check=Check(argv=["nginx", "-t", "-e", "stderr", "-c", "{main}"], leaves=["nginx.pid"]),
    prepare=Prepare(host=prepare_host, host_before_check=True),
    facts=NginxHostFacts,
    rules=NginxSettings.conflicts,
)
