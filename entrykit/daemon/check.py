"""Have the daemon check a directory of files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from entrykit.daemon.handover import resolve_daemon, scrub_environ
from entrykit.daemon.program import execution_error, find
from entrykit.errors import CheckError
from entrykit.log import Log
from entrykit.role import Role, expand_argv
from entrykit.variables.secret import Secret, mask
from entrykit.variables.settings import Settings


def make_checker(
    role: Role[Any], settings: Settings, environ: Mapping[str, str], report: Callable[[str], None]
) -> Callable[[str], None]:
    """Return a function that has the role's daemon check a directory.

    Args:
        role: whose daemon.
        settings: their secrets are masked in the daemon's output.
        environ: the same as at the hand-over.
        report: called with the daemon's output on files that it accepts.

    Raises:
        CheckError: (the returned function) the daemon refused the files.
        HandOverError: (the returned function) the daemon does not exist.
    """
    seen = role.daemon.environ(settings, scrub_environ(role, environ))

    def check(folder: str) -> None:
        argv = resolve_daemon(role, expand_argv(role.check.argv, folder, role.files.main), environ)
        with _remove_empty_files(role.check.leaves, settings.config_dir):
            status, output = (role.check.run or run)(argv, seen)
        output = _mask_output(role, settings, output.replace(f"{folder}/", ""))
        if status:
            raise CheckError(argv, status, output)
        if output:
            report(output)

    return check


def _mask_output(role: Role[Any], settings: Settings, output: str) -> str:
    """Mask secrets in a daemon's output, which may quote lines of its files."""
    forms = {form for secret in settings.secrets() for form in _forms(role, secret)}
    return mask(sorted(forms, key=len, reverse=True), output)


def _forms(role: Role[Any], secret: str) -> Iterator[str]:
    """Yield a secret, as it is and as the role's formats quote it."""
    yield secret
    for quote in role.files.quoting.values():
        with suppress(Exception):  # the function of an external role may raise anything
            yield quote(Secret(secret)).strip("\"'")


def check_offline(
    role: Role[Any], settings: Settings, environ: Mapping[str, str], log: Log
) -> None:
    """Have the daemon check a role's files in a temporary directory.

    Args:
        role: whose daemon.
        settings: its variables.
        environ: the daemon's environment; PATH leads to it.
        log: gets the messages of `prepare`, and the daemon's output on files that it accepts.

    Raises:
        CheckError: the daemon refused the files.
        CommitError: they cannot be written.
        HandOverError: the daemon does not exist.
    """
    from tempfile import TemporaryDirectory

    from entrykit.files.fs import create_file
    from entrykit.files.transaction import wrap_os_errors
    from entrykit.rendering.role_files import render

    place = environ.get("TMPDIR", "/tmp")  # noqa: S108 -- only named in an error
    with wrap_os_errors(place), TemporaryDirectory(prefix="entrykit-") as folder:
        there = settings.model_copy(update={"config_dir": folder})
        with wrap_os_errors(folder):
            role.prepare.stage(settings, folder, log)
            for file in render(role, there, role.observe_host(settings, environ)).values():
                create_file(os.path.join(folder, file.path), file.octets, file.mode)
        make_checker(role, settings, environ, log.info)(folder)


@contextmanager
def _remove_empty_files(names: Sequence[str], folder: str) -> Iterator[None]:
    """Remove empty files of these names that the check has created."""
    new = [path for name in names if not os.path.lexists(path := os.path.join(folder, name))]
    try:
        yield
    finally:
        for path in new:
            with suppress(OSError):
                if not os.path.getsize(path):
                    os.unlink(path)


def run(argv: Sequence[str], environ: Mapping[str, str]) -> tuple[int, str]:
    """Run a check to its end.

    Returns:
        Its exit status, negative for a signal; and its output.

    Raises:
        HandOverError: the program does not exist, or cannot be executed.
    """
    import subprocess

    program = find(argv[0], environ)
    try:
        done = subprocess.run(
            argv,
            executable=program,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise execution_error(program, error) from error
    return done.returncode, done.stdout
