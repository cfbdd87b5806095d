"""The options before a role or a command, and the parser that commands share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

import entrykit
from entrykit.display import display
from entrykit.errors import UsageError
from entrykit.variables.reading import is_encodable
from entrykit.verb_table import VERBS

if TYPE_CHECKING:
    from _typeshed import SupportsWrite


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `UsageError` instead of exiting with 2."""

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Write the help, and raise the error that argparse would hide."""
        (file or sys.stderr).write(message)

    def error(self, message: str) -> NoReturn:
        """Raise a UsageError that points to the help."""
        raise UsageError(f"{message}\nTIP: {self.prog} --help")


def parse(words: Sequence[str]) -> tuple[int, list[str]]:
    """Parse the options before a role or a command.

    Returns:
        The number of `-v` minus that of `-q`, and the words after the options.
    """
    found = _build_parser().parse_args(words)
    return found.verbose - found.quiet, found.words


def _build_parser() -> argparse.ArgumentParser:
    width = max(map(len, VERBS))
    commands = "\n".join(f"  {name:{width}}  {summary}" for name, summary in VERBS.items())
    parser = Parser(
        prog="entrykit",
        usage="entrykit [-q|-v] ROLE [CMD ...]\n       entrykit [-q|-v] COMMAND [--help] ...",
        description="Render a daemon's configuration from environment variables, check it with\n"
        "the daemon, and replace this process with the daemon.",
        epilog=f"commands:\n{commands}\n\nROLE is a name that `entrykit roles` lists. entrykit "
        "configures it, then runs CMD\nas the image's own entrypoint would. A CMD other than the "
        "role's daemon runs\nunchanged.",
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"entrykit {entrykit.__version__}")
    add_verbosity_options(parser)
    parser.add_argument("words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def parse_directory(text: str) -> str:
    """Parse the path of a directory, which configuration files must be able to name too."""
    if not text:
        raise argparse.ArgumentTypeError("empty (expected a directory)")
    if not is_encodable(text):
        raise argparse.ArgumentTypeError(f"{display(text)}: not valid UTF-8")
    return text


def add_verbosity_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command has."""
    parser.add_argument(
        "-q", "--quiet", action="count", default=0, help="show fewer messages (-qq: only errors)"
    )
    parser.add_argument("-v", "--verbose", action="count", default=0, help="show more messages")
