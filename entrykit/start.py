"""The start of a container: from the environment to the running daemon."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from entrykit.daemon.handover import execute, resolve_daemon, scrub_environ, upstream_command
from entrykit.daemon.program import find
from entrykit.discovery.finder import load_role
from entrykit.errors import CommitError
from entrykit.files.config_file import ConfigFiles
from entrykit.log import LEVELS, Log, check_format
from entrykit.role import Role
from entrykit.variables.settings import Settings


def start(name: str, command: Sequence[str], environ: Mapping[str, str], log: Log) -> NoReturn:
    """Configure a role and become its daemon, or execute another command as it is.

    Args:
        name: the name of the role.
        command: the command of the container; empty for the role's default.
        environ: the variables.
        log: where messages go.

    Raises:
        EntrykitError: something failed, and nothing was executed.
    """
    role = load_role(name, environ)
    _execute_unconfigured(role, command, environ)
    if not role.daemon.owns(command):
        check_format(environ, log)
        execute(command, environ)
    execute(*configure(role, command, environ, log))


def _execute_unconfigured(
    role: Role[Any], command: Sequence[str], environ: Mapping[str, str]
) -> None:
    """Execute a command that needs no configuration, without secrets in its environment."""
    if asked := _information_command(role, command):
        execute(resolve_daemon(role, asked, environ), scrub_environ(role, environ))
    if passed := role.daemon.passthrough(command, environ):
        argv, extended = passed
        execute(argv, scrub_environ(role, extended))


def _information_command(role: Role[Any], command: Sequence[str]) -> list[str] | None:
    """Return the daemon's command if its only argument prints information, e.g. --version."""
    words = [role.daemon.name, *command] if len(command) == 1 else [*command]
    if len(words) != 2 or words[1] not in role.daemon.prints_and_exits:  # noqa: PLR2004 -- the daemon and one option
        return None
    return words if os.path.basename(words[0]) in role.daemon.names else None


def configure(
    role: Role[Any], command: Sequence[str], environ: Mapping[str, str], log: Log
) -> tuple[list[str], Mapping[str, str]]:
    """Do everything before the hand-over; return the command to execute and its environment."""
    from entrykit.rendering.role_files import render

    environ = {**environ, **role.facts.defaults(environ)}
    _finish_earlier_start(role, environ, log)
    settings = role.read_settings(environ, log.warning)
    argv = resolve_daemon(role, upstream_command(role, settings, command), environ)
    find(argv[0], environ)
    files = render(role, settings, role.observe_host(settings, environ))
    _wait(settings, log)
    changed = _commit_files(role, settings, files, environ, log)
    log.info(f"{role.name}: {', '.join(changed) or 'nothing'} changed in {settings.config_dir}")
    main = f"{settings.config_dir}/{role.files.main}"
    if not role.daemon.reads(argv, main):
        log.warning(f"the command does not name {main}: {' '.join(argv)}")
    return argv, role.daemon.environ(settings, scrub_environ(role, environ))


def _wait(settings: Settings, log: Log) -> None:
    """Wait for what the daemon needs; its check and `prepare` may need it too."""
    if settings.entrykit_wait:
        from entrykit.variables.quantities import milliseconds
        from entrykit.variables.targets import targets
        from entrykit.wait import wait

        wait(targets(settings.entrykit_wait), milliseconds(settings.entrykit_wait_timeout), log)


def _finish_earlier_start(role: Role[Any], environ: Mapping[str, str], log: Log) -> None:
    """Finish the commit of an earlier start that was killed, even if this start fails."""
    from entrykit.files.transaction import recover

    try:
        recover(role.settings.folder(environ))
    except CommitError as error:
        log.warning(str(error))  # the start goes on, to report all errors


def _commit_files(
    role: Role[Any],
    settings: Settings,
    files: ConfigFiles,
    environ: Mapping[str, str],
    log: Log,
) -> list[str]:
    """Prepare the host, check the files with the daemon, and commit them."""
    from entrykit.daemon.check import make_checker
    from entrykit.files.ownership import refuse_foreign
    from entrykit.files.transaction import commit, wrap_os_errors

    folder, overwrite = settings.config_dir, settings.entrykit_overwrite
    check = (
        make_checker(role, settings, environ, log.debug) if settings.entrykit_check else _skip_check
    )
    first = role.prepare.host_before_check
    if not first:
        check = _check_then_prepare(role, settings, check, log)
    with wrap_os_errors(folder):
        if not overwrite:
            refuse_foreign(folder, files.values())
        if first:
            role.prepare.host(settings, log)
        return commit(files, folder, check, overwrite=overwrite)


def _check_then_prepare(
    role: Role[Any], settings: Settings, check: Callable[[str], None], log: Log
) -> Callable[[str], None]:
    """Return a check that completes the staged directory first, and then prepares the host.

    If the daemon rejects the files, nothing changes on the host. If the host cannot be prepared,
    the files do not become live.
    """
    quiet = Log()
    quiet.adjust_level(-len(LEVELS))

    def check_staged(folder: str) -> None:
        if folder == settings.config_dir:
            role.prepare.host(settings, log)
            check(folder)
            return
        role.prepare.stage(settings, folder, quiet)
        check(folder)
        role.prepare.host(settings, log)

    return check_staged


def _skip_check(_folder: str) -> None:
    """Check nothing: ENTRYKIT_CHECK=off."""
