"""What a person does with a role without starting it: one function for each verb."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from entrykit.cli import then_run
from entrykit.cli.parser import Parser, add_verbosity_options, folder
from entrykit.discovery.finder import load_role, select_roles_environ
from entrykit.display import display
from entrykit.errors import UsageError
from entrykit.explain.reference import FORMATS
from entrykit.log import LOG_FORMAT, Log, check_format
from entrykit.role import Role
from entrykit.variables.settings import Settings
from entrykit.verb_table import VERBS


def run(verb: str, argv: Sequence[str], environ: Mapping[str, str], log: Log) -> int:
    """Run one verb.

    Args:
        verb: a key of `VERBS`.
        argv: the words after it.
        environ: the process environment.
        log: where messages go; files and tables go to stdout.

    Returns:
        The exit code.
    """
    log.use_environ(_peek_log_format(argv))
    own, command = then_run.split_command(argv) if verb in {"render", "wait"} else (argv, None)
    words = _parser(verb).parse_intermixed_args(own)  # a second word may follow options
    words.command, words.machine = command, environ
    log.adjust_level(words.verbose - words.quiet)
    return _COMMANDS[verb](words, environ, log)


def _peek_log_format(argv: Sequence[str]) -> dict[str, str]:
    """Find the format of messages among the words: those may be at fault themselves."""
    assignments = (word.removeprefix("-e").partition("=") for word in argv)
    return {name: value for name, _, value in assignments if name == LOG_FORMAT}


def _parser(verb: str) -> argparse.ArgumentParser:
    parser = Parser(
        prog=f"entrykit {verb}", description=f"{VERBS[verb].capitalize()}.", allow_abbrev=False
    )
    add_verbosity_options(parser)
    if verb in _ADD_OPTIONS:
        _ADD_OPTIONS[verb](parser)
        return parser
    parser.add_argument(
        "role", help="a name that `entrykit roles` lists", nargs="?" if verb == "render" else None
    )
    if verb == "env":
        parser.add_argument("--format", choices=FORMATS, default="text", help="how it is written")
        return parser
    _add_environment_options(parser)
    if verb == "render":
        parser.add_argument(
            "-o", metavar="DIR", dest="folder", type=folder, help="write the files there"
        )
        then_run.add_template_options(parser)
    if verb == "explain":
        _add_explain_options(parser)
    return parser


def _add_explain_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target", metavar="TARGET", nargs="?",
        help="a VARIABLE, a FILE or FILE:LINE; all variables, in a table, where left out",
    )  # fmt: skip
    parser.add_argument(
        "--graph", nargs="?", const="mermaid", choices=("mermaid", "svg"),
        help="draw the routing instead, as Mermaid unless --graph=svg",
    )  # fmt: skip


def _add_environment_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--env-file", metavar="FILE", action="append", default=[],
        help="variables in docker's format, laid over the environment",
    )  # fmt: skip
    parser.add_argument(
        "-e", metavar="NAME=VALUE", dest="assignments", action="append", default=[],
        help="one variable, laid over everything else",
    )  # fmt: skip
    parser.add_argument("--no-env", action="store_true", help="leave the process environment out")


def _read_environ(
    words: argparse.Namespace, environ: Mapping[str, str], log: Log
) -> dict[str, str]:
    from entrykit.variables.env_files import overlay

    seen = overlay({} if words.no_env else environ, words.env_file, words.assignments)
    log.use_environ(seen)
    return seen


def _load_role(words: argparse.Namespace, environ: Mapping[str, str]) -> Role[Any]:
    """Load the role; where roles are is the machine's to say, as PATH is, also with --no-env."""
    return load_role(words.role, select_roles_environ(environ, words.machine))


def _load_settings(
    words: argparse.Namespace, environ: Mapping[str, str], log: Log
) -> tuple[Role[Any], Settings]:
    role = _load_role(words, environ)
    return role, role.read_settings(environ, log.warning)


def _render(words: argparse.Namespace, environ: Mapping[str, str], log: Log) -> int:
    seen = _read_environ(words, environ, log)
    if words.templates:
        if words.role is not None or words.folder is not None:
            raise UsageError("--template: not with a role, nor with -o (expected one of them)")
        check_format(seen, log)
        return then_run.render(words, seen, log)
    if words.role is None or words.command is not None or words.mode is not None:
        raise UsageError(
            "expected a role, or --template FROM:TO and perhaps --mode and -- COMMAND\n"
            "TIP: entrykit render --help"
        )
    return _render_role(words, seen, log)


def _render_role(words: argparse.Namespace, environ: Mapping[str, str], log: Log) -> int:
    from entrykit.rendering.role_files import render

    role, settings = _load_settings(words, environ, log)
    files = render(role, settings)
    if words.folder is not None:
        _write(role, settings, words.folder, log)
        return 0
    for file in files.values():
        sys.stdout.write(f"==> {file.path} <==\n{file.text}")
    sys.stdout.flush()
    return 0


def _write(role: Role[Any], settings: Settings, given: str, log: Log) -> None:
    """Write the role's folder as it would stand in the image."""
    from entrykit.files.ownership import refuse_foreign
    from entrykit.files.transaction import commit, wrap_os_errors
    from entrykit.rendering.role_files import render

    with wrap_os_errors(given):  # the working folder may be gone
        folder = os.path.abspath(given)
    there = settings.model_copy(update={"config_dir": folder})
    files = render(role, there)
    with wrap_os_errors(folder):
        if not settings.entrykit_overwrite:
            refuse_foreign(folder, files.values())
        role.prepare.stage(there, folder, log)
    overwrite = settings.entrykit_overwrite
    commit(files, folder, lambda _folder: None, overwrite=overwrite)


def _check(words: argparse.Namespace, environ: Mapping[str, str], log: Log) -> int:
    from entrykit.daemon.check import check_offline

    seen = _read_environ(words, environ, log)
    role, settings = _load_settings(words, seen, log)
    # The daemon is run with the machine's PATH, whichever variables are judged.
    check_offline(role, settings, {"PATH": environ.get("PATH", "")} | seen, log)
    return 0


def _diff(words: argparse.Namespace, environ: Mapping[str, str], log: Log) -> int:
    from entrykit.explain.diff import diff_files
    from entrykit.rendering.role_files import render

    seen = _read_environ(words, environ, log)
    role, settings = _load_settings(
        words, {**seen, **_load_role(words, seen).facts.defaults(seen)}, log
    )
    facts = role.observe_host(settings, environ)
    lines = diff_files(role, settings, render(role, settings, facts), facts)
    with suppress(BrokenPipeError):
        sys.stdout.writelines(lines)
        sys.stdout.flush()
    return 1 if lines else 0


def _explain(words: argparse.Namespace, environ: Mapping[str, str], log: Log) -> int:
    from entrykit.explain.report import Explanation
    from entrykit.variables.env_files import overlay_assignments

    if words.graph and words.target is not None:
        raise UsageError(f"{display(words.target)}: --graph draws all of the role")
    laid = overlay_assignments({} if words.no_env else environ, words.env_file, words.assignments)
    seen = {name: given.text for name, given in laid.items()}
    log.use_environ(seen)
    role = _load_role(words, seen)
    reading = role.settings.reading(seen, log.warning)
    settings = role.settings.from_reading(reading, role.rules)
    if words.graph:
        from entrykit.explain.drawing import draw_routing

        sys.stdout.write(draw_routing(role, settings, words.graph))
        return 0
    for line in Explanation(role, laid, reading, settings).lines(words.target):
        sys.stdout.write(f"{line}\n")
    return 0


def _env(words: argparse.Namespace, environ: Mapping[str, str], log: Log) -> int:
    from entrykit.explain.reference import describe

    check_format(environ, log)
    sys.stdout.write(describe(_load_role(words, environ), words.format))
    return 0


def _roles(_words: argparse.Namespace, environ: Mapping[str, str], log: Log) -> int:
    check_format(environ, log)
    from entrykit.discovery.listing import roles
    from entrykit.discovery.search_path import find_typos

    for slip in find_typos(environ):
        log.warning(slip)
    for role in roles(environ):
        sys.stdout.write(f"{role.name}\t{role.summary}\n")
    return 0


_Verb = Callable[[argparse.Namespace, Mapping[str, str], Log], int]

_COMMANDS: Mapping[str, _Verb] = {
    "render": _render,
    "check": _check,
    "diff": _diff,
    "explain": _explain,
    "env": _env,
    "roles": _roles,
    "wait": then_run.wait,
    "new-role": then_run.new_role,
}

# Verbs that take no role.
_ADD_OPTIONS: Mapping[str, Callable[[argparse.ArgumentParser], None]] = {
    "roles": lambda _parser: None,
    "wait": then_run.add_wait_options,
    "new-role": then_run.add_new_role_options,
}
