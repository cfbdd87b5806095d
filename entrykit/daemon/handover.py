"""Execute the upstream: reset signals, scrub the environment, execve."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn

from entrykit.daemon.program import execution_error, find
from entrykit.errors import HandOverError, RoleError
from entrykit.role import Role, expand_argv
from entrykit.variables.settings import Settings


def upstream_command(role: Role[Any], settings: Settings, command: Sequence[str]) -> list[str]:
    """Return the command that is executed in the end.

    The image's entrypoint gets the command as completed by the role. Without an entrypoint, the
    daemon is executed as the official one would execute it.
    """
    if command:
        words = validate_command(role, "complete", role.daemon.complete(settings, command))
    else:
        words = _run_command(role, settings)
    named = settings.entrykit_upstream
    if named is None and os.path.exists(role.daemon.entrypoint):
        named = role.daemon.entrypoint
    if named:
        return [named, *words]
    return validate_command(role, "without_entrypoint", role.daemon.without_entrypoint(words))


def _run_command(role: Role[Any], settings: Settings) -> list[str]:
    """Return the command of a container that was given none."""
    run = role.daemon.run
    if callable(run):
        return validate_command(role, "run", run(settings))
    return expand_argv(run, settings.config_dir, role.files.main)


def validate_command(role: Role[Any], field: str, given: object) -> list[str]:
    """Return the command that a function of a role has returned.

    Raises:
        RoleError: it is not a list of words; of a text, each character would become a word.
    """
    if isinstance(given, str) or not isinstance(given, Sequence):
        kind = type(given).__name__
        expected = f'expected a list of words, e.g. ["{role.daemon.name}", "-f"]'
        raise RoleError(
            [f"the role {role.name}: daemon.{field} returns a value of type {kind} ({expected})"]
        )
    return list(given)


def resolve_daemon(role: Role[Any], argv: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """Return a command with the first of the daemon's names that is found in PATH."""
    names = role.daemon.names
    if argv[0] in names:
        for name in names:
            with suppress(HandOverError):
                find(name, environ)
                return [name, *argv[1:]]
    return [*argv]


def scrub_environ(role: Role[Any], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without the secrets that the role has read."""
    consumed = role.settings.secret_variables()
    return {name: value for name, value in environ.items() if name not in consumed}


def execute(argv: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Replace this process: same PID, no child, nothing inherited from Python.

    Raises:
        HandOverError: the program does not exist (127), or cannot be executed (126).
    """
    path = find(argv[0], environ)
    _reset_signals()
    _close_descriptors()
    try:
        os.execve(path, list(argv), dict(environ))  # noqa: S606 -- no shell is the point
    except OSError as error:
        raise execution_error(path, error) from error


def _reset_signals() -> None:
    """Reset the signals that CPython ignores at its start: exec would inherit that."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _close_descriptors() -> None:
    """Close descriptors above 2 on exec; until then they stay open, to report an error."""
    try:
        numbers = [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:  # no /proc, as in a bare chroot; the limit may be a billion
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        return
    for number in numbers:
        if number > 2:  # noqa: PLR2004 -- standard error
            with suppress(OSError):  # the one of listdir() is closed again
                os.set_inheritable(number, False)
