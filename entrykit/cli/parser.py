"""The words of the command line that are ours."""

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
    """Argparse with our exit code: it would end with 2 by itself."""

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Write the help; argparse itself says nothing of what cannot be written."""
        (file or sys.stderr).write(message)

    def error(self, message: str) -> NoReturn:
        """Refuse the words, with the way to the help."""
        raise UsageError(f"{message}\nTIP: {self.prog} --help")


def parse(words: Sequence[str]) -> tuple[int, list[str]]:
    """Take the options before a role or a verb away.

    Returns:
        How many `-v` less how many `-q` were given, and the words after the options.
    """
    found = _build_parser().parse_args(words)
    return found.verbose - found.quiet, found.words


def _build_parser() -> argparse.ArgumentParser:
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
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"entrykit {entrykit.__version__}")
    add_verbosity_options(parser)
    parser.add_argument("words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def folder(text: str) -> str:
    """Read the word that names a folder: one that config files could name as well."""
    if not text:
        raise argparse.ArgumentTypeError("no name (expected a folder)")
    if not is_encodable(text):
        raise argparse.ArgumentTypeError(f"{display(text)}: not valid UTF-8")
    return text


def add_verbosity_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every verb has."""
    parser.add_argument("-q", "--quiet", action="count", default=0, help="say less")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="say more")
