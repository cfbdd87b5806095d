"""The words of a command line that are certbot's own: they configure nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Final

from entrykit import environ as environment
from entrykit.errors import SettingsError
from entrykit.faults import Faults
from entrykit.kinds import folder
from entrykit.roles.certbot.settings import CONFIG_DIR

THUMBPRINT: Final = "--thumbprint"

# certbot --help all, "SUBCOMMANDS", and the two older names that it takes.
_SUBCOMMANDS: Final = re.compile(
    "auth|certificates|certonly|delete|enhance|everything|help|install|plugins|reconfigure"
    "|register|renew|revoke|rollback|run|show_account|unregister|update_account"
)


def is_certbots(command: Sequence[str]) -> bool:
    """Whether these words are for certbot itself, and not for the keeper."""
    if not command or [*command] in ([THUMBPRINT], ["certbot"], ["certbot", THUMBPRINT]):
        return False
    first = command[0]
    return first == "certbot" or first.startswith("-") or bool(_SUBCOMMANDS.fullmatch(first))


def passed(
    command: Sequence[str], environ: Mapping[str, str]
) -> tuple[list[str], dict[str, str]] | None:
    """Complete a command of certbot's with what a start has written.

    Args:
        command: the words, with or without `certbot` before them.
        environ: CONFIG_DIR and ACME_CA_BUNDLE are read.

    Returns:
        What to execute, and in which environment; None if the words are not certbot's.

    Raises:
        SettingsError: one of the two is no path.
    """
    if not is_certbots(command):
        return None
    paths = _paths(environ)
    extended = dict(environ)
    if bundle := paths.get("ACME_CA_BUNDLE"):
        extended.setdefault("REQUESTS_CA_BUNDLE", bundle)
    words = [*command[1:]] if command[0] == "certbot" else [*command]
    return ["certbot", *_completed(words, paths.get("CONFIG_DIR", CONFIG_DIR))], extended


def _completed(words: list[str], config_dir: str) -> list[str]:
    """Name our file: after a subcommand, before a flag, and so that another one given wins."""
    if words[0] == "help":  # certbot wants its topic next
        return words
    ini = os.path.join(config_dir, "entrykit.ini")
    ours = ["--config", ini] if os.path.exists(ini) else ["--config-dir", config_dir]
    first = 0 if words[0].startswith("-") else 1
    return [*words[:first], *ours, *words[first:]]


def _paths(environ: Mapping[str, str]) -> dict[str, str]:
    reading = environment.read(environ, ["CONFIG_DIR", "ACME_CA_BUNDLE"])
    paths, faults = {}, [*reading.faults.values()]
    for name, text in reading.values.items():
        try:
            paths[name] = folder(text)
        except Faults as error:
            faults += [f"{name}: {fault}" for fault in error.faults]
    if faults:
        raise SettingsError(faults)
    return paths
