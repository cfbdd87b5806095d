"""cf-serverd: a hub of CFEngine's, which serves policy to those who are named, and nobody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from entrykit.quoting.cfengine import quote_cfengine
from entrykit.quoting.json import quote_json
from entrykit.role import Role
from entrykit.roles.cf_serverd.check import verdict
from entrykit.roles.cf_serverd.command_line import complete_command, pass_through, reads
from entrykit.roles.cf_serverd.host import HubHostFacts
from entrykit.roles.cf_serverd.policy_files import has_framework_link
from entrykit.roles.cf_serverd.prepare import prepare
from entrykit.roles.cf_serverd.settings import CfServerdSettings
from entrykit.roles.cf_serverd.workdir import add_workdir


def _command(settings: CfServerdSettings) -> Sequence[str]:
    return _complete(settings, ["cf-serverd"])


def _complete(settings: CfServerdSettings, command: Sequence[str]) -> Sequence[str]:
    main = f"{settings.config_dir}/promises.cf"
    named = settings.config_dir != f"{settings.cfengine_workdir}/inputs"
    level, foreign = settings.cf_serverd_log_level, bool(settings.foreign)
    return complete_command(command, main, level, named=named, foreign=foreign)


def _emulate_entrypoint(command: Sequence[str]) -> Sequence[str]:
    return command


def _check(folder: str) -> Sequence[str]:
    """Judge a folder; -c also refuses bundles and bodies that are not defined."""
    return ["cf-promises", "-c", "-f", f"{folder}/promises.cf"]


def _include(settings: CfServerdSettings, path: str) -> bool:
    """Make def.json in place of promises.cf for a framework that has one."""
    return path == ("def.json" if settings.mpf else "promises.cf")


def _defaults(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Let a promises.cf give way that is our own link into a framework."""
    asked = environ.get("ENTRYKIT_OVERWRITE") or environ.get("ENTRYKIT_OVERWRITE_FILE")
    framed = not asked and has_framework_link(CfServerdSettings.folder(environ))
    return {"ENTRYKIT_OVERWRITE": "on"} if framed else {}


ROLE: Final = Role(
    name="cf-serverd",
    summary="a CFEngine hub: policy for the hosts of an ACL, keys that are never replaced",
    settings=CfServerdSettings,
    templates=Path(__file__).with_name("templates"),
    makes=_include,
    main="promises.cf",
    quotes={".cf": quote_cfengine, ".json": quote_json},
    facts=HubHostFacts,
    daemon="cf-serverd",
    defaults=_defaults,
    package="cfengine3",
    entrypoint="",  # there is no official image
    command=_command,
    complete=_complete,
    bare=_emulate_entrypoint,
    check=_check,
    verdict=verdict,
    environ=add_workdir,
    reads=reads,
    passes=pass_through,
    prepare=prepare,
    rehearses=True,
)
