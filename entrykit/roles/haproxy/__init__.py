"""HAProxy as the edge: TLS by SNI, backends by Host, from one DOMAINS variable."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from entrykit.quoting.haproxy import quote_haproxy, quote_haproxy_map
from entrykit.role import Check, Daemon, Files, Prepare, Role
from entrykit.roles.haproxy.host import HaproxyHostFacts
from entrykit.roles.haproxy.prepare import prepare_host, stage
from entrykit.roles.haproxy.settings import HaproxySettings

if TYPE_CHECKING:
    from entrykit.routing import Destination

# Of the official image, and so of images on top of it.
_IMAGE_CMD: Final = ["haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]
# HAProxy answers any other option, known or not, with its usage.
_PRINTS_AND_EXITS: Final = frozenset({"-v", "-vv", "--version", "-h", "--help"})


def _complete(settings: HaproxySettings, command: Sequence[str]) -> Sequence[str]:
    """Let the default CMD of the image read the rendered file, wherever CONFIG_DIR is."""
    main = f"{settings.config_dir}/haproxy.cfg"
    return ["haproxy", "-f", main] if [*command] == _IMAGE_CMD else command


def _without_entrypoint(command: Sequence[str]) -> Sequence[str]:
    """Execute as docker-entrypoint.sh of the official image does.

    -W is the master-worker mode, in which SIGUSR2 reloads; -db keeps it in the foreground.
    A path is executed with just the words that were given.
    """
    if command[0] != "haproxy" and not command[0].startswith("-"):
        return command
    words = command[1:] if command[0] == "haproxy" else command
    return ["haproxy", "-W", "-db", *words]


def _reads(command: Sequence[str], main: str) -> bool:
    """Whether the command names the file, or its directory: HAProxy reads every .cfg in it."""
    return main in command or str(PurePath(main).parent) in command


def _list_destinations(settings: HaproxySettings) -> Sequence[Destination]:
    """Import what draws only where something is drawn."""
    from entrykit.roles.haproxy.routing import list_destinations

    return list_destinations(settings)


ROLE: Final = Role(
    name="haproxy",
    summary="TLS by SNI, backends by Host, redirects to HTTPS",
    settings=HaproxySettings,
    files=Files(
        main="haproxy.cfg",
        quoting={".cfg": quote_haproxy, ".map": quote_haproxy_map},
    ),
    daemon=Daemon(
        names=["haproxy"],
        run=["haproxy", "-f", "{main}"],
        entrypoint="/usr/local/bin/docker-entrypoint.sh",
        complete=_complete,
        without_entrypoint=_without_entrypoint,
        reads=_reads,
        prints_and_exits=_PRINTS_AND_EXITS,
    ),
    check=Check(argv=["haproxy", "-c", "-f", "{main}"]),
    prepare=Prepare(stage=stage, host=prepare_host),
    facts=HaproxyHostFacts,
    routes=_list_destinations,
    rules=HaproxySettings.conflicts,
)
