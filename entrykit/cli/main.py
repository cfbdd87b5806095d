"""The command line: run one command, or start one role."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from typing import NoReturn, TextIO

from entrykit.cli.signals import handle_stop_signals
from entrykit.errors import EX_SOFTWARE, CommitError, EntrykitError, UsageError
from entrykit.log import Log, make_log
from entrykit.verb_table import VERBS


def main(argv: Sequence[str] = tuple(sys.argv), environ: Mapping[str, str] = os.environ) -> int:
    """Run one command and return, or start one role and never return.

    Args:
        argv: the program's name and its words.
        environ: the variables.

    Returns:
        The exit code: sysexits(3) as in `entrykit.errors`, 128 plus the number of a
        signal, 1 if `diff` found a difference.
    """
    log = make_log(environ)
    with _report_errors(log) as outcome, handle_stop_signals(), _flush_stdout():
        outcome.code = _dispatch(argv[1:], environ, log)
    return outcome.code


class _Outcome:
    code = 0


@contextmanager
def _report_errors(log: Log) -> Iterator[_Outcome]:
    """Report every error: the only place that catches them all."""
    outcome = _Outcome()
    try:
        yield outcome
    except EntrykitError as error:
        for message in error.messages:
            log.error(message)
        outcome.code = error.exit_code
    except BrokenPipeError:
        _redirect_to_null(sys.stdout)  # the reader is gone (`| head`)
        outcome.code = 128 + signal.SIGPIPE
    except Exception as error:  # noqa: BLE001 -- the boundary: anything else is a bug
        import traceback

        log.error(traceback.format_exc())
        log.error(f"this is a bug in {_bug_owner(error)}: please report it with the lines above")
        outcome.code = EX_SOFTWARE
    finally:
        _drop_unflushed()


def _bug_owner(error: Exception) -> str:
    """Name the code that failed; a user-supplied role can be it only if one was loaded."""
    if "entrykit.discovery.loading" not in sys.modules:
        return "entrykit"
    from entrykit.discovery.loading import find_author

    return find_author(error)


@contextmanager
def _flush_stdout() -> Iterator[None]:
    """Make stdout UTF-8 in any locale, and flush it while errors can still be reported."""
    if sys.stdout is None:  # closed by the parent process
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 -- until the end
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        try:
            yield
        finally:
            sys.stdout.flush()  # also when argparse exits after --help
    except OSError as error:
        # Errors of a stream have a number and no file name; the rest is not about stdout.
        if error.errno is None or error.filename is not None or isinstance(error, BrokenPipeError):
            raise
        _redirect_to_null(sys.stdout)
        tip = "check what the output is redirected to"
        raise CommitError("standard output", str(error.strerror), tip) from error


def _drop_unflushed() -> None:
    """Drop messages that cannot be written: CPython would try again and exit with 120."""
    try:
        if sys.stderr is not None:
            sys.stderr.flush()
    except OSError:
        _redirect_to_null(sys.stderr)


def _redirect_to_null(stream: TextIO) -> None:
    """Discard all further output, including what the interpreter flushes on exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _dispatch(words: Sequence[str], environ: Mapping[str, str], log: Log) -> int:
    # A container's start has no options: it does not import argparse.
    if not words or words[0].startswith("-"):
        from entrykit.cli.parser import parse

        louder, words = parse(words)
        log.adjust_level(louder)
    if words and words[0] in VERBS:
        from entrykit.cli import dispatch

        return dispatch.run(words[0], words[1:], environ, log)
    return _start(words, environ, log)


def _start(words: Sequence[str], environ: Mapping[str, str], log: Log) -> NoReturn:
    from entrykit.discovery.finder import is_role, role_names

    if not words or not is_role(words[0], environ):
        raise _unknown_word(words, role_names(environ), environ)
    from entrykit.start import start

    start(words[0], words[1:], environ, log)


def _unknown_word(
    words: Sequence[str], roles: Sequence[str], environ: Mapping[str, str]
) -> UsageError:
    from entrykit.discovery.search_path import find_typos
    from entrykit.display import suggest

    listed = f" (roles: {', '.join(roles)}; commands: {', '.join(VERBS)})"
    message = f"no role or command given{listed}"
    if words:
        suggestion = suggest(words[0], [*roles, *VERBS])
        message = f"unknown role or command {words[0]!r}{suggestion or listed}"
    return UsageError("\n".join([message, *find_typos(environ), "TIP: entrykit --help"]))
