"""The options that choose a role and its variables, and what they lead to."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from entrykit.discovery.finder import load_role, select_roles_environ
from entrykit.log import Log
from entrykit.role import Role
from entrykit.variables.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentArguments:
    """Where variables come from.

    Attributes:
        env_file: the paths given with `--env-file`.
        assignments: the texts given with `-e`.
        no_env: whether the process environment is ignored.
    """

    env_file: Sequence[str]
    assignments: Sequence[str]
    no_env: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleArguments(EnvironmentArguments):
    """A role, and where its variables come from.

    Attributes:
        role: the role's name.
    """

    role: str


def add_role_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `RoleArguments`."""
    add_role(parser)
    add_environment_options(parser)


def add_role(parser: argparse.ArgumentParser, nargs: str | None = None) -> None:
    """Add the name of a role."""
    parser.add_argument("role", help="name of a role (`entrykit roles` lists them)", nargs=nargs)


def add_environment_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `EnvironmentArguments`."""
    parser.add_argument(
        "--env-file", metavar="FILE", action="append", default=[],
        help="read variables from FILE (docker env-file format); overrides the environment",
    )  # fmt: skip
    parser.add_argument(
        "-e", metavar="NAME=VALUE", dest="assignments", action="append", default=[],
        help="set one variable; overrides the environment and every --env-file",
    )  # fmt: skip
    parser.add_argument("--no-env", action="store_true", help="ignore the process environment")


def read_variables(
    arguments: EnvironmentArguments, environ: Mapping[str, str], log: Log
) -> dict[str, str]:
    """Return the variables that the options select, and log in the format that they name."""
    from entrykit.variables.env_files import overlay

    base = {} if arguments.no_env else environ
    variables = overlay(base, arguments.env_file, arguments.assignments)
    log.use_environ(variables)
    return variables


def find_role(name: str, variables: Mapping[str, str], environ: Mapping[str, str]) -> Role[Any]:
    """Load a role.

    Like PATH, ENTRYKIT_ROLES_PATH is taken from the process environment even with `--no-env`,
    unless the variables name one of their own.
    """
    return load_role(name, select_roles_environ(variables, environ))


def read_settings(
    arguments: RoleArguments, environ: Mapping[str, str], log: Log
) -> tuple[Role[Any], Settings, dict[str, str]]:
    """Return the role, its settings, and the variables that they were read from."""
    variables = read_variables(arguments, environ, log)
    role = find_role(arguments.role, variables, environ)
    return role, role.read_settings(variables, log.warning), variables
