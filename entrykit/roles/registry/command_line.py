"""The command line of the registry, as the official images understand it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from entrykit.errors import UsageError
from entrykit.roles.registry.release import PROGRAM_NAMES

_FILES: Final = (".yml", ".yaml")
_WITH_FILE: Final = ("serve", "garbage-collect")
# The files of the official images, which existing commands name.
_OFFICIAL: Final = ("/etc/distribution/config.yml", "/etc/docker/registry/config.yml")
_PRINTS_AND_EXITS: Final = frozenset({"-h", "--help", "-v", "--version"})


def is_subcommand(word: str) -> bool:
    """Whether the official entrypoint passes a command with this first word to the registry."""
    return word in {*_WITH_FILE, "help"} or word.endswith(_FILES)


def prints_and_exits(command: Sequence[str]) -> bool:
    """Whether a command only prints the version or the help of the registry."""
    _, rest = _split(command)
    is_own = (
        not command or command[0].startswith("-") or is_subcommand(command[0]) or rest != [*command]
    )
    return is_own and (rest[:1] == ["help"] or not _PRINTS_AND_EXITS.isdisjoint(rest))


def complete_command(command: Sequence[str], main: str) -> list[str]:
    """Name the rendered file in a command that serves or collects garbage.

    It replaces the file of an official image.

    Raises:
        UsageError: the command names another file, to which no variable would apply.
    """
    program, rest = _split(command)
    if not rest or rest[0].endswith(_FILES):
        rest = ["serve", *rest]
    if rest[0] not in _WITH_FILE:
        return [*program, *rest]
    options = [word for word in rest[1:] if word.startswith("-")]
    for word in rest[1:]:
        if word not in {*options, *_OFFICIAL, main}:
            raise UsageError(
                f"the command names {word}, to which no variable applies (expected {main}, or none)"
                "\nTIP: put parts of a config.yml into REGISTRY_EXTRA_YAML"
            )
    return [*program, rest[0], *options, main]


def emulate_entrypoint(command: Sequence[str]) -> list[str]:
    """Return what /entrypoint.sh of the official image would execute."""
    program, rest = _split(command)
    return [*(program or PROGRAM_NAMES[:1]), *rest]


def reads(command: Sequence[str], main: str) -> bool:
    """Whether a command names the rendered file; a command that names no file reads none."""
    return main in command


def _split(command: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split a command into the program, if it is named, and its arguments."""
    named = bool(command) and os.path.basename(command[0]) in PROGRAM_NAMES
    return [*command[:named]], [*command[named:]]
