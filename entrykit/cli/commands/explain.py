"""`entrykit explain`: show which variable sets which line, or draw the routing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from entrykit.cli.environment import RoleArguments, add_role_arguments, find_role
from entrykit.display import display
from entrykit.errors import UsageError
from entrykit.log import Log


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments(RoleArguments):
    """The arguments.

    Attributes:
        target: a variable, a file or a line of one; None for a summary.
        graph: the format of a drawing; None for text.
    """

    target: str | None
    graph: str | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `explain` accepts."""
    add_role_arguments(parser)
    parser.add_argument(
        "target", metavar="TARGET", nargs="?",
        help="VARIABLE, FILE or FILE:LINE (default: a table of all variables and files)",
    )  # fmt: skip
    parser.add_argument(
        "--graph", nargs="?", const="mermaid", choices=("mermaid", "svg"),
        help="draw the routing instead (default format: mermaid)",
    )  # fmt: skip


def run(arguments: Arguments, environ: Mapping[str, str], log: Log) -> int:
    """Write the explanation or the drawing."""
    from entrykit.explain.report import Explanation
    from entrykit.variables.env_files import overlay_assignments

    if arguments.graph and arguments.target is not None:
        raise UsageError(
            f"{display(arguments.target)}: --graph draws the whole role and takes no TARGET"
        )
    base = {} if arguments.no_env else environ
    assignments = overlay_assignments(base, arguments.env_file, arguments.assignments)
    variables = {name: each.text for name, each in assignments.items()}
    log.use_environ(variables)
    role = find_role(arguments.role, variables, environ)
    reading = role.settings.reading(variables, log.warning)
    settings = role.settings.from_reading(reading, role.rules)
    if arguments.graph:
        from entrykit.explain.drawing import draw_routing

        sys.stdout.write(draw_routing(role, settings, arguments.graph))
        return 0
    for line in Explanation(role, assignments, reading, settings).lines(arguments.target):
        sys.stdout.write(f"{line}\n")
    return 0
