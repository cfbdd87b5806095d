"""cf-serverd: a CFEngine hub, which serves policy to the hosts of an access list only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from entrykit.quoting.cfengine import quote_cfengine
from entrykit.quoting.json import quote_json
from entrykit.role import Check, Daemon, Files, Prepare, Role
from entrykit.roles.cf_serverd.check import run_check
from entrykit.roles.cf_serverd.command_line import complete_command, pass_through, reads
from entrykit.roles.cf_serverd.host import HubHostFacts
from entrykit.roles.cf_serverd.prepare import prepare_host, stage
from entrykit.roles.cf_serverd.rules import conflicts
from entrykit.roles.cf_serverd.settings import CfServerdSettings
from entrykit.roles.cf_serverd.workdir import add_workdir


def _command(settings: CfServerdSettings) -> Sequence[str]:
    return _complete(settings, ["cf-serverd"])


def _complete(settings: CfServerdSettings, command: Sequence[str]) -> Sequence[str]:
    main = f"{settings.config_dir}/promises.cf"
    named = settings.config_dir != f"{settings.cfengine_workdir}/inputs"
    level, external = settings.cf_serverd_log_level, bool(settings.external_policy)
    return complete_command(command, main, level, named=named, external=external)


def _include(settings: CfServerdSettings, path: str) -> bool:
    """Render def.json instead of promises.cf for a framework, which has its own promises.cf."""
    return path == ("def.json" if settings.mpf else "promises.cf")


ROLE: Final = Role(
    name="cf-serverd",
    summary="a CFEngine hub: policy for the hosts of an ACL, keys that are never replaced",
    settings=CfServerdSettings,
    files=Files(
        main="promises.cf",
        quoting={".cf": quote_cfengine, ".json": quote_json},
        include=_include,
    ),
    # There is no official image.
    daemon=Daemon(
        names=["cf-serverd"],
        run=_command,
        complete=_complete,
        reads=reads,
        passthrough=pass_through,
        environ=add_workdir,
        package="cfengine3",
    ),
    # -c also refuses bundles and bodies that are not defined.
    check=Check(argv=["cf-promises", "-c", "-f", "{main}"], run=run_check),
    prepare=Prepare(stage=stage, host=prepare_host),
    facts=HubHostFacts,
    rules=conflicts,
)
