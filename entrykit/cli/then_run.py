"""The verbs that know no role: templates of a person's own, waiting, the start of a new role."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence

from entrykit.cli.parser import folder
from entrykit.daemon.handover import execute
from entrykit.daemon.program import find
from entrykit.display import display
from entrykit.errors import InvalidValue, SettingsError, UsageError
from entrykit.files.config_file import PUBLIC
from entrykit.log import Log, check_format
from entrykit.variables.durations import milliseconds, parse_duration
from entrykit.variables.parsers import parse_switch
from entrykit.variables.reading import read

OVERWRITE = "ENTRYKIT_OVERWRITE"


def split_command(argv: Sequence[str]) -> tuple[list[str], list[str] | None]:
    """Part the words of a verb from the command behind `--`; None where there is none."""
    words = list(argv)
    if "--" not in words:
        return words, None
    place = words.index("--")
    return words[:place], words[place + 1 :]


def add_template_options(parser: argparse.ArgumentParser) -> None:
    """Add what `render` takes in place of a role."""
    parser.add_argument(
        "--template", metavar="FROM:TO", dest="templates", action="append", default=[],
        help="a template of your own and the file that it makes, - for standard output",
    )  # fmt: skip
    parser.add_argument("--mode", type=_mode, help="permissions of those files (default 644)")


def _mode(text: str) -> int:
    if not text or text.strip("01234567") or int(text, 8) > 0o777:  # noqa: PLR2004 -- chmod(1)
        raise argparse.ArgumentTypeError(f"{display(text)}: not a mode (expected 644, say)")
    return int(text, 8)


def add_wait_options(parser: argparse.ArgumentParser) -> None:
    """Add what `wait` takes."""
    parser.add_argument(
        "targets", metavar="TARGET", nargs="+",
        help="tcp://host:port, http://host/path, https://…, file:/path or unix:/path",
    )  # fmt: skip
    parser.add_argument(
        "--timeout", metavar="TIME", default="30s", help="the most that it may take (default 30s)"
    )


def add_new_role_options(parser: argparse.ArgumentParser) -> None:
    """Add what `new-role` takes."""
    parser.add_argument("name", metavar="NAME", help="what the role is to be called: my-app, say")
    parser.add_argument("folder", metavar="DIR", type=folder, help="where its files are written")


def new_role(words: argparse.Namespace, environ: Mapping[str, str], log: Log) -> int:
    """Write a role, and list its files."""
    check_format(environ, log)
    from entrykit.discovery.scaffold import write

    for path in write(words.name, words.folder):
        sys.stdout.write(f"{path}\n")
    return 0


def render(words: argparse.Namespace, environ: Mapping[str, str], log: Log) -> int:
    """Render templates of a person's own; execute the command, if there is one."""
    from entrykit.rendering.standalone import STDOUT, parse_pairs, render_pairs

    overwrite = _read_overwrite(environ)
    mode = PUBLIC if words.mode is None else words.mode
    files = render_pairs(parse_pairs(words.templates), environ, log.warning, mode)
    _require_program(words.command, environ)
    named = [file for file in files if file.target != STDOUT]
    if named:
        from entrykit.files.many_folders import write

        changed = write(named, overwrite=overwrite)
        log.info(f"{', '.join(changed) or 'nothing'} changed")
    sys.stdout.write("".join(file.text for file in files if file.target == STDOUT))
    sys.stdout.flush()
    return _run_command(words.command, environ)


def _read_overwrite(environ: Mapping[str, str]) -> bool:
    reading = read(environ, [OVERWRITE])
    try:
        if OVERWRITE in reading.faults:
            raise SettingsError([reading.faults[OVERWRITE]])
        return parse_switch(reading.values.get(OVERWRITE, "off"))
    except InvalidValue as error:
        raise SettingsError([f"{OVERWRITE}: {fault}" for fault in error.messages]) from None


def wait(words: argparse.Namespace, environ: Mapping[str, str], log: Log) -> int:
    """Wait; execute the command, if there is one."""
    check_format(environ, log)
    from entrykit.variables.targets import targets
    from entrykit.wait import wait as wait_for

    try:
        limit = parse_duration(words.timeout)
    except InvalidValue as error:
        raise UsageError(f"--timeout {error}") from None
    try:
        found = targets(words.targets)
    except InvalidValue as error:
        raise UsageError(str(error)) from None
    _require_program(words.command, environ)
    wait_for(found, milliseconds(limit), log)
    return _run_command(words.command, environ)


def _require_program(command: Sequence[str] | None, environ: Mapping[str, str]) -> None:
    """See that there is something to execute before anything is done for it."""
    if command is not None:
        if not command:
            raise UsageError("no command after -- (expected one)")
        find(command[0], environ)


def _run_command(command: Sequence[str] | None, environ: Mapping[str, str]) -> int:
    if command:
        execute(command, environ)
    return 0
