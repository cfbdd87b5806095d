"""The words of the registry's own command line, as its official images take them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from entrykit.errors import UsageError
from entrykit.roles.registry.release import PROGRAM_NAMES

_FILES: Final = (".yml", ".yaml")
_WITH_FILE: Final = ("serve", "garbage-collect")
# The files of the official images: commands name them that were written for those.
_OFFICIAL: Final = ("/etc/distribution/config.yml", "/etc/docker/registry/config.yml")
_PRINTS_AND_EXITS: Final = frozenset({"-h", "--help", "-v", "--version"})


def is_subcommand(word: str) -> bool:
    """Whether the official entrypoint takes this first word for one of the registry's."""
    return word in {*_WITH_FILE, "help"} or word.endswith(_FILES)


def prints_and_exits(command: Sequence[str]) -> bool:
    """Whether a command only has the registry say something: its version, its help."""
    _, rest = _split(command)
    ours = (
        not command or command[0].startswith("-") or is_subcommand(command[0]) or rest != [*command]
    )
    return ours and (rest[:1] == ["help"] or not _PRINTS_AND_EXITS.isdisjoint(rest))


def complete_command(command: Sequence[str], main: str) -> list[str]:
    """Name our file in a command that serves or collects garbage, in place of the image's.

    Raises:
        UsageError: it names another file, which would be used without a single variable.
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
                f"the command names {word}, where no variable counts (expected {main}, or none)\n"
                "TIP: parts of a file of your own go into REGISTRY_EXTRA_YAML"
            )
    return [*program, rest[0], *options, main]


def emulate_entrypoint(command: Sequence[str]) -> list[str]:
    """Execute as /entrypoint.sh of the official image does: with the program in front."""
    program, rest = _split(command)
    return [*(program or PROGRAM_NAMES[:1]), *rest]


def reads(command: Sequence[str], main: str) -> bool:
    """Whether a command names our file; one that names none reads none."""
    return main in command


def _split(command: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part the program, if it is named, from its words."""
    named = bool(command) and os.path.basename(command[0]) in PROGRAM_NAMES
    return [*command[:named]], [*command[named:]]
