"""A container's main: from the environment to the daemon itself."""

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
    """Configure the role and become its daemon; or just run the user's own command.

    Args:
        name: the role's.
        command: what the container was given to run; none is the role's default.
        environ: the variables.
        log: where messages go.

    Raises:
        EntrykitError: and then nothing was executed.
    """
    role = load_role(name, environ)
    _pass(role, command, environ)
    if not role.daemon.owns(command):
        check_format(environ, log)
        execute(command, environ)
    execute(*configure(role, command, environ, log))


def _pass(role: Role[Any], command: Sequence[str], environ: Mapping[str, str]) -> None:
    """Execute what configures nothing; the daemon may say whatever it likes, so no secrets."""
    if asked := _information_command(role, command):
        execute(resolve_daemon(role, asked, environ), scrub_environ(role, environ))
    if passed := role.daemon.passthrough(command, environ):
        argv, extended = passed
        execute(argv, scrub_environ(role, extended))


def _information_command(role: Role[Any], command: Sequence[str]) -> list[str] | None:
    """Return the daemon's command where its only word asks it about itself."""
    words = [role.daemon.name, *command] if len(command) == 1 else [*command]
    if len(words) != 2 or words[1] not in role.daemon.prints_and_exits:  # noqa: PLR2004 -- the daemon, and that word
        return None
    return words if os.path.basename(words[0]) in role.daemon.names else None


def configure(
    role: Role[Any], command: Sequence[str], environ: Mapping[str, str], log: Log
) -> tuple[list[str], Mapping[str, str]]:
    """Do all that comes before the hand-over; return what to execute, and its environment."""
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
    """Wait for what the daemon needs: its check may need it too, and so may `prepare`."""
    if settings.entrykit_wait:
        from entrykit.variables.quantities import milliseconds
        from entrykit.variables.targets import targets
        from entrykit.wait import wait

        wait(targets(settings.entrykit_wait), milliseconds(settings.entrykit_wait_timeout), log)


def _finish_earlier_start(role: Role[Any], environ: Mapping[str, str], log: Log) -> None:
    """Carry an earlier start through that was killed, whatever becomes of this one."""
    from entrykit.files.transaction import recover

    try:
        recover(role.settings.folder(environ))
    except CommitError as error:
        log.warning(str(error))  # other errors are reported as well


def _commit_files(
    role: Role[Any],
    settings: Settings,
    files: ConfigFiles,
    environ: Mapping[str, str],
    log: Log,
) -> list[str]:
    """Prepare the host, have the daemon check the files, and commit them."""
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
    """Complete the staged directory, check it, and prepare the host once it has passed.

    A refusal changes nothing on the host; and what cannot be prepared is found out before the
    files become live.
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
