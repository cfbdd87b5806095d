"""`entrykit env`: describe the variables of a role."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from entrykit.cli.environment import add_role
from entrykit.discovery.finder import load_role
from entrykit.explain.reference import FORMATS, describe
from entrykit.log import Log, check_format


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """The arguments.

    Attributes:
        role: the role's name.
        format: one of `FORMATS`.
    """

    role: str
    format: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `env` accepts."""
    add_role(parser)
    parser.add_argument(
        "--format", choices=FORMATS, default="text", help="output format (default: text)"
    )


def run(arguments: Arguments, environ: Mapping[str, str], log: Log) -> int:
    """Write the reference of the variables."""
    check_format(environ, log)
    sys.stdout.write(describe(load_role(arguments.role, environ), arguments.format))
    return 0
