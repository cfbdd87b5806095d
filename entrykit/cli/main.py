"""The command line: to one verb, or to the start of one role."""

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
    """Run one verb, or start one role: then this never returns.

    Args:
        argv: the program's name and its words.
        environ: the variables.

    Returns:
        The exit code: sysexits(3) as in `entrykit.errors`, 128 and the number
        for a signal; 1 where `diff` found a difference.
    """
    log = make_log(environ)
    with _report_errors(log) as outcome, handle_stop_signals(), _flush_stdout():
        outcome.code = _dispatch(argv[1:], environ, log)
    return outcome.code


class _Outcome:
    code = 0


@contextmanager
def _report_errors(log: Log) -> Iterator[_Outcome]:
    """Tell every error once: the only place that catches."""
    outcome = _Outcome()
    try:
        yield outcome
    except EntrykitError as error:
        for message in error.messages:
            log.error(message)
        outcome.code = error.exit_code
    except BrokenPipeError:
        _redirect_to_null(sys.stdout)  # nobody reads it any more (`| head`)
        outcome.code = 128 + signal.SIGPIPE
    except Exception as error:  # noqa: BLE001 -- the boundary: whatever is left is a bug
        import traceback

        log.error(traceback.format_exc())
        log.error(f"this is a bug of {_bug_owner(error)}: please report it with the lines above")
        outcome.code = EX_SOFTWARE
    finally:
        _drop_unflushed()


def _bug_owner(error: Exception) -> str:
    """Say whose bug it is; there are no other authors where no role of theirs was loaded."""
    if "entrykit.discovery.loading" not in sys.modules:
        return "entrykit"
    from entrykit.discovery.loading import find_author

    return find_author(error)


@contextmanager
def _flush_stdout() -> Iterator[None]:
    """See that stdout is UTF-8 in any locale, and that it is written while errors can be told."""
    if sys.stdout is None:  # whoever started us has closed it
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 -- until the end
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        try:
            yield
        finally:
            sys.stdout.flush()  # also where argparse ends the program by itself
    except OSError as error:
        # Of a stream the system gives a number and no name; anything else is somebody else's.
        if error.errno is None or error.filename is not None or isinstance(error, BrokenPipeError):
            raise
        _redirect_to_null(sys.stdout)
        tip = "look at where the output goes"
        raise CommitError("standard output", str(error.strerror), tip) from error


def _drop_unflushed() -> None:
    """Forget messages that cannot be written: CPython would try again, and end with 120."""
    try:
        if sys.stderr is not None:
            sys.stderr.flush()
    except OSError:
        _redirect_to_null(sys.stderr)


def _redirect_to_null(stream: TextIO) -> None:
    """Let nothing be written to it any more, also not by the interpreter at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _dispatch(words: Sequence[str], environ: Mapping[str, str], log: Log) -> int:
    # A container's main has no words of ours: it starts without argparse.
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
        from entrykit.discovery.search_path import find_typos

        known = f"a role ({', '.join(role_names(environ))}) or a verb ({', '.join(VERBS)})"
        given = f"{words[0]!r} is neither" if words else "nothing to do"
        lines = [f"{given}: expected {known}", *find_typos(environ), "TIP: entrykit --help"]
        raise UsageError("\n".join(lines))
    from entrykit.start import start

    start(words[0], words[1:], environ, log)
