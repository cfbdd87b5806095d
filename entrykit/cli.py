"""The command line: to one verb, or to the start of one role."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import entrykit
from entrykit.errors import EX_SOFTWARE, EntrykitError, UsageError
from entrykit.message import Log, log_for

VERBS: Mapping[str, str] = {
    "render": "write a role's files to stdout or into a folder",
    "check": "have the role's daemon judge its files",
    "diff": "compare a role's files with those on the disk",
    "env": "describe a role's variables",
    "roles": "list the roles",
}


class Parser(argparse.ArgumentParser):
    """Argparse with our exit code: it would end with 2 by itself."""

    def error(self, message: str) -> NoReturn:
        """Refuse the words, with the way to the help."""
        raise UsageError(f"{message}\nTIP: {self.prog} --help")


def main(argv: Sequence[str] = tuple(sys.argv), environ: Mapping[str, str] = os.environ) -> int:
    """Run one verb, or start one role: then this never returns.

    Args:
        argv: the program's name and its words.
        environ: the variables.

    Returns:
        The exit code: sysexits(3) as in `entrykit.errors`, 128 and the number
        for a signal; 1 where `diff` found a difference.
    """
    log = log_for(environ)
    with _reported(log) as outcome:
        words = _parser().parse_args(argv[1:])
        log.shift(words.verbose - words.quiet)
        outcome.code = _dispatch(words, environ, log)
    return outcome.code


class _Outcome:
    code = 0


@contextmanager
def _reported(log: Log) -> Iterator[_Outcome]:
    """Tell every error once: the only place that catches."""
    outcome = _Outcome()
    try:
        yield outcome
    except EntrykitError as error:
        log.error(str(error))
        outcome.code = error.exit_code
    except KeyboardInterrupt:
        outcome.code = 128 + signal.SIGINT
    except BrokenPipeError:
        # Nobody reads our output any more (`| head`); nor shall the interpreter flush it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        outcome.code = 128 + signal.SIGPIPE
    except Exception:  # noqa: BLE001 -- the boundary: whatever is left is a bug of ours
        import traceback

        log.error(traceback.format_exc())
        log.error("this is a bug of entrykit: please report it with the lines above")
        outcome.code = EX_SOFTWARE


def _parser() -> argparse.ArgumentParser:
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {verb:{width}}  {summary}" for verb, summary in VERBS.items())
    parser = Parser(
        prog="entrykit",
        usage="entrykit [-q|-v] ROLE [COMMAND ...]\n       entrykit [-q|-v] VERB [--help] ...",
        description="Turn environment variables into a daemon's config, have the daemon check it,\n"
        "and become the daemon.",
        epilog=f"verbs:\n{verbs}\n\nA ROLE is what `entrykit roles` lists: configure it, then run "
        "COMMAND\nas the image's own entrypoint would; a COMMAND that is not the role's\n"
        "daemon is run as it is.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"entrykit {entrykit.__version__}")
    volume(parser)
    parser.add_argument("word", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def volume(parser: argparse.ArgumentParser) -> None:
    """Add the options that every verb has."""
    parser.add_argument("-q", "--quiet", action="count", default=0, help="say less")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="say more")


def _dispatch(words: argparse.Namespace, environ: Mapping[str, str], log: Log) -> int:
    if words.word in VERBS:
        from entrykit import verbs

        return verbs.run(words.word, words.rest, environ, log)
    from entrykit.role import is_role, role_names

    if words.word is None or not is_role(words.word):
        known = f"a role ({', '.join(role_names())}) or a verb ({', '.join(VERBS)})"
        given = "nothing to do" if words.word is None else f"{words.word!r} is neither"
        raise UsageError(f"{given}: expected {known}\nTIP: entrykit --help")
    with _stoppable():
        from entrykit.start import start

        start(words.word, words.rest, environ, log)
    raise AssertionError("a start does not return")


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM end the start.

    As PID 1 a process gets no signal that it does not handle: without this, a
    container that is told to stop while its files are checked would start its
    daemon all the same. Exec resets the handler.
    """

    def stop(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
