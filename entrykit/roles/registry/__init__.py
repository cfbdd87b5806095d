"""The registry role: a registry of container images, on disk or in S3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from entrykit.daemon.handover import resolve_daemon
from entrykit.quoting.base import Quote
from entrykit.quoting.yaml import quote_yaml
from entrykit.role import Check, Daemon, Files, Passthrough, Prepare, Role
from entrykit.roles.registry import command_line, release
from entrykit.roles.registry.check import run_check
from entrykit.roles.registry.host import RegistryHostFacts
from entrykit.roles.registry.prepare import prepare_host, stage
from entrykit.roles.registry.rules.rules import conflicts
from entrykit.roles.registry.settings import RegistrySettings
from entrykit.roles.registry.variables.s3 import ALIASES
from entrykit.variables.secret import Secret

_TRACES: Final = "OTEL_TRACES_EXPORTER"


def _complete(settings: RegistrySettings, words: Sequence[str]) -> Sequence[str]:
    return command_line.complete_command(words, f"{settings.config_dir}/config.yml")


def _include(settings: RegistrySettings, path: str) -> bool:
    return path != "htpasswd" or settings.registry_auth_htpasswd_users is not None


def _pass_through(words: Sequence[str], environ: Mapping[str, str]) -> Passthrough | None:
    if not command_line.prints_and_exits(words):
        return None
    return resolve_daemon(ROLE, command_line.emulate_entrypoint(words), environ), environ


def _clean_environ(settings: RegistrySettings, environ: Mapping[str, str]) -> dict[str, str]:
    """Remove every variable that the registry would apply on top of its file.

    Kubernetes' service links are among them: for a service called registry-storage it sets
    REGISTRY_STORAGE_PORT, which the registry reads as a second storage (tested with 2.8.2 and
    3.1.2).
    """
    short = [name.upper() for name in ALIASES] if settings.driver == "s3" else []
    removed = {*short, *(f"{name}_FILE" for name in short)}
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("REGISTRY_") and name not in removed
    }
    if not kept.get(_TRACES) and release.find_release(environ) == "3":
        kept[_TRACES] = "none"  # 3.x sends them to localhost:4318 by default
    return kept


def _quote_lines(value: object) -> str:
    """Return the lines of a password file, which are already validated."""
    return value.reveal() if isinstance(value, Secret) else ""


_QUOTES: Final[Mapping[str, Quote]] = {".yml": quote_yaml, "": _quote_lines}

ROLE: Final = Role(
    name="registry",
    summary="a registry of container images, on disk or in S3",
    settings=RegistrySettings,
    files=Files(main="config.yml", quoting=_QUOTES, include=_include),
    daemon=Daemon(
        names=release.PROGRAM_NAMES,
        run=["serve", "{main}"],
        entrypoint="/entrypoint.sh",
        complete=_complete,
        without_entrypoint=command_line.emulate_entrypoint,
        reads=command_line.reads,
        subcommands=command_line.is_subcommand,
        passthrough=_pass_through,
        environ=_clean_environ,
        package="docker-registry",
    ),
    check=Check(argv=["registry", "serve", "{main}"], run=run_check),
    prepare=Prepare(stage=stage, host=prepare_host, host_before_check=True),
    facts=RegistryHostFacts,
    rules=conflicts,
)
