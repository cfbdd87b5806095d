"""`entrykit roles`: list the roles."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from entrykit.log import Log, check_format


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """The arguments: none."""


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add nothing: the verb has no arguments."""


def run(_arguments: Arguments, environ: Mapping[str, str], log: Log) -> int:
    """Write a line for each role: its name and its summary."""
    check_format(environ, log)
    from entrykit.discovery.listing import load_roles
    from entrykit.discovery.search_path import find_typos

    for warning in find_typos(environ):
        log.warning(warning)
    for role in load_roles(environ):
        sys.stdout.write(f"{role.name}\t{role.summary}\n")
    return 0
