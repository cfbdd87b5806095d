"""Parse the arguments of one command and run it; only its module is imported."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import fields
from importlib import import_module
from types import ModuleType
from typing import Final

from entrykit.cli.parser import Parser, add_verbosity_options
from entrykit.cli.trailing_command import split_command
from entrykit.log import LOG_FORMAT, Log
from entrykit.verb_table import VERBS

_MODULES: Final[Mapping[str, str]] = {
    "render": "entrykit.cli.commands.render",
    "check": "entrykit.cli.commands.check",
    "diff": "entrykit.cli.commands.diff",
    "explain": "entrykit.cli.commands.explain",
    "env": "entrykit.cli.commands.env",
    "roles": "entrykit.cli.commands.roles",
    "wait": "entrykit.cli.commands.wait",
    "new-role": "entrykit.cli.commands.new_role",
}


def run(verb: str, argv: Sequence[str], environ: Mapping[str, str], log: Log) -> int:
    """Run one command.

    Args:
        verb: its name, a key of `VERBS`.
        argv: the words after it.
        environ: the process environment.
        log: where messages go; files and tables go to stdout.

    Returns:
        The exit code.
    """
    log.use_environ(_peek_log_format(argv))
    module = import_module(_MODULES[verb])
    names = {each.name for each in fields(module.Arguments)}
    words, command = split_command(argv) if "command" in names else (list(argv), None)
    # Intermixed: a second positional argument may follow options.
    parsed = vars(_parser(verb, module).parse_intermixed_args(words)) | {"command": command}
    log.adjust_level(parsed["verbose"] - parsed["quiet"])
    arguments = module.Arguments(**{name: parsed[name] for name in names})
    code: int = module.run(arguments, environ, log)
    return code


def _peek_log_format(argv: Sequence[str]) -> dict[str, str]:
    """Find the format of messages in the words, which may themselves be invalid."""
    assignments = (word.removeprefix("-e").partition("=") for word in argv)
    return {name: value for name, _, value in assignments if name == LOG_FORMAT}


def _parser(verb: str, module: ModuleType) -> argparse.ArgumentParser:
    summary = VERBS[verb]
    description = f"{summary[:1].upper()}{summary[1:]}."
    parser = Parser(prog=f"entrykit {verb}", description=description, allow_abbrev=False)
    add_verbosity_options(parser)
    module.add_arguments(parser)
    return parser
