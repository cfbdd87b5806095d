"""Command lines that configure nothing: certbot's own, and the question for the thumbprint."""

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
    """Whether a command is for certbot itself, and not for the keeper."""
    if not command or [*command] in (["certbot"], *_THUMBPRINT_COMMANDS):
        return False
    first = command[0]
    return first == "certbot" or first.startswith("-") or bool(_SUBCOMMANDS.fullmatch(first))


def pass_through(
    command: Sequence[str], environ: Mapping[str, str]
) -> tuple[list[str], dict[str, str]] | None:
    """Complete a command with the configuration that a start has written.

    The command is one of certbot's; or the question for the thumbprint, which must not change
    the configuration of a keeper that is running.

    Args:
        command: the command, with or without `certbot` before it.
        environ: CONFIG_DIR and ACME_CA_BUNDLE are read.

    Returns:
        What to execute, and its environment; None if the command is neither, or there is no
        configuration yet.

    Raises:
        SettingsError: one of the two variables is not a path.
    """
    asks_thumbprint = [*command] in _THUMBPRINT_COMMANDS
    if not asks_thumbprint and not is_certbot_command(command):
        return None
    paths = _read_paths(environ)
    if asks_thumbprint:
        plan = os.path.join(paths.get("CONFIG_DIR", CONFIG_DIR), "keeper.conf")
        words = [sys.executable, *MODULE_FLAGS, KEEPER_MODULE, THUMBPRINT, plan]
        return (words, dict(environ)) if os.path.exists(plan) else None
    extended = dict(environ)
    if bundle := paths.get("ACME_CA_BUNDLE"):
        extended.setdefault("REQUESTS_CA_BUNDLE", bundle)
    words = [*command[1:]] if command[0] == "certbot" else [*command]
    return ["certbot", *_add_config(words, paths.get("CONFIG_DIR", CONFIG_DIR))], extended


def _add_config(words: list[str], config_dir: str) -> list[str]:
    """Add --config after a subcommand or before a flag, so that a later one on the line wins."""
    if words[0] == "help":  # certbot expects its topic next
        return words
    ini = os.path.join(config_dir, "entrykit.ini")
    config = ["--config", ini] if os.path.exists(ini) else ["--config-dir", config_dir]
    first = 0 if words[0].startswith("-") else 1
    return [*words[:first], *config, *words[first:]]


def _read_paths(environ: Mapping[str, str]) -> dict[str, str]:
    reading = environment.read(environ, ["CONFIG_DIR", "ACME_CA_BUNDLE"])
    paths, messages = {}, [*reading.errors.values()]
    for name, text in reading.values.items():
        try:
            paths[name] = parse_folder(text)
        except InvalidValue as error:
            messages += [f"{name}: {message}" for message in error.messages]
    if messages:
        raise SettingsError(messages)
    return paths
