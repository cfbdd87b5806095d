"""`entrykit render --template`: render user-supplied templates, then execute a command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from entrykit.cli.trailing_command import execute_command, require_program
from entrykit.display import display
from entrykit.errors import InvalidValue, SettingsError
from entrykit.files.config_file import PUBLIC
from entrykit.log import Log
from entrykit.variables.parsers import parse_switch
from entrykit.variables.reading import read

OVERWRITE = "ENTRYKIT_OVERWRITE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """The arguments.

    Attributes:
        templates: the pairs given with `--template`, as `FROM:TO`.
        mode: permissions of the files; None for the default.
        command: what is executed in the end; None for nothing.
    """

    templates: Sequence[str]
    mode: int | None
    command: Sequence[str] | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `render` accepts instead of a role."""
    parser.add_argument(
        "--template", metavar="FROM:TO", dest="templates", action="append", default=[],
        help="render your template FROM to the file TO (- for stdout)",
    )  # fmt: skip
    parser.add_argument("--mode", type=_mode, help="permissions of those files (default: 644)")


def _mode(text: str) -> int:
    if not text or text.strip("01234567") or int(text, 8) > 0o777:  # noqa: PLR2004 -- chmod(1)
        raise argparse.ArgumentTypeError(
            f"{display(text)}: not a file mode (expected octal digits, e.g. 644)"
        )
    return int(text, 8)


def run(arguments: Arguments, environ: Mapping[str, str], log: Log) -> int:
    """Render the templates; execute the command, if there is one."""
    from entrykit.rendering.standalone import STDOUT, parse_pairs, render_pairs

    overwrite = _read_overwrite(environ)
    mode = PUBLIC if arguments.mode is None else arguments.mode
    files = render_pairs(parse_pairs(arguments.templates), environ, log.warning, mode)
    require_program(arguments.command, environ)
    named = [file for file in files if file.target != STDOUT]
    if named:
        from entrykit.files.many_folders import write

        changed = write(named, overwrite=overwrite)
        log.info(f"{', '.join(changed) or 'nothing'} changed")
    sys.stdout.write("".join(file.text for file in files if file.target == STDOUT))
    sys.stdout.flush()
    return execute_command(arguments.command, environ)


def _read_overwrite(environ: Mapping[str, str]) -> bool:
    reading = read(environ, [OVERWRITE])
    try:
        if OVERWRITE in reading.errors:
            raise SettingsError([reading.errors[OVERWRITE]])
        return parse_switch(reading.values.get(OVERWRITE, "off"))
    except InvalidValue as error:
        raise SettingsError(f"{OVERWRITE}: {message}" for message in error.messages) from None
