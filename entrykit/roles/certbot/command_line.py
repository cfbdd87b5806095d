"""The words of a command line that configure nothing: certbot's own, and what is only asked."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from entrykit.errors import InvalidValue, SettingsError
from entrykit.roles.certbot.host import KEEPER_MODULE, MODULE_FLAGS
from entrykit.roles.certbot.settings import CONFIG_DIR
from entrykit.variables import reading as environment
from entrykit.variables.parsers import parse_folder

THUMBPRINT: Final = "--thumbprint"
_THUMBPRINT_COMMANDS: Final = ([THUMBPRINT], ["certbot", THUMBPRINT])

# certbot --help all, "SUBCOMMANDS", and the two older names that it takes.
_SUBCOMMANDS: Final = re.compile(
    "auth|certificates|certonly|delete|enhance|everything|help|install|plugins|reconfigure"
    "|register|renew|revoke|rollback|run|show_account|unregister|update_account"
)


def is_certbot_command(command: Sequence[str]) -> bool:
    """Whether these words are for certbot itself, and not for the keeper."""
    if not command or [*command] in (["certbot"], *_THUMBPRINT_COMMANDS):
        return False
    first = command[0]
    return first == "certbot" or first.startswith("-") or bool(_SUBCOMMANDS.fullmatch(first))


def pass_through(
    command: Sequence[str], environ: Mapping[str, str]
) -> tuple[list[str], dict[str, str]] | None:
    """Complete a command with what a start has written.

    That is one of certbot's; or the question for the thumbprint, which leaves a
    configuration that is there to the keeper that may run with it.

    Args:
        command: the words, with or without `certbot` before them.
        environ: CONFIG_DIR and ACME_CA_BUNDLE are read.

    Returns:
        What to execute, and in which environment; None if the words are
        neither, or there is no configuration yet to answer by.

    Raises:
        SettingsError: one of the two is no path.
    """
    is_asked = [*command] in _THUMBPRINT_COMMANDS
    if not is_asked and not is_certbot_command(command):
        return None
    paths = _read_paths(environ)
    if is_asked:
        plan = os.path.join(paths.get("CONFIG_DIR", CONFIG_DIR), "keeper.conf")
        words = [sys.executable, *MODULE_FLAGS, KEEPER_MODULE, THUMBPRINT, plan]
        return (words, dict(environ)) if os.path.exists(plan) else None
    extended = dict(environ)
    if bundle := paths.get("ACME_CA_BUNDLE"):
        extended.setdefault("REQUESTS_CA_BUNDLE", bundle)
    words = [*command[1:]] if command[0] == "certbot" else [*command]
    return ["certbot", *_add_config(words, paths.get("CONFIG_DIR", CONFIG_DIR))], extended


def _add_config(words: list[str], config_dir: str) -> list[str]:
    """Name our file: after a subcommand, before a flag, and so that another one given wins."""
    if words[0] == "help":  # certbot wants its topic next
        return words
    ini = os.path.join(config_dir, "entrykit.ini")
    ours = ["--config", ini] if os.path.exists(ini) else ["--config-dir", config_dir]
    first = 0 if words[0].startswith("-") else 1
    return [*words[:first], *ours, *words[first:]]


def _read_paths(environ: Mapping[str, str]) -> dict[str, str]:
    reading = environment.read(environ, ["CONFIG_DIR", "ACME_CA_BUNDLE"])
    paths, faults = {}, [*reading.faults.values()]
    for name, text in reading.values.items():
        try:
            paths[name] = parse_folder(text)
        except InvalidValue as error:
            faults += [f"{name}: {fault}" for fault in error.messages]
    if faults:
        raise SettingsError(faults)
    return paths
