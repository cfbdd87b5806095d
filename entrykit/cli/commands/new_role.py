"""`entrykit new-role`: write the files of a new role."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from entrykit.cli.parser import parse_directory
from entrykit.log import Log, check_format


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """The arguments.

    Attributes:
        name: the name of the role.
        folder: the directory of its files.
    """

    name: str
    folder: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `new-role` accepts."""
    parser.add_argument("name", metavar="NAME", help="name of the new role, e.g. my-app")
    parser.add_argument(
        "folder", metavar="DIR", type=parse_directory, help="directory for its files"
    )


def run(arguments: Arguments, environ: Mapping[str, str], log: Log) -> int:
    """Write the role, and list its files."""
    check_format(environ, log)
    from entrykit.discovery.scaffold import write

    for path in write(arguments.name, arguments.folder):
        sys.stdout.write(f"{path}\n")
    return 0
