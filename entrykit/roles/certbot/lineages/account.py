"""Certbot's accounts at the CA that is asked now."""

from __future__ import annotations

import os

from entrykit.errors import EntrykitError
from entrykit.roles.certbot.plan import Plan


class AccountError(EntrykitError):
    """There is no account, or more than one.

    Args:
        folder: where it would be.
        reason: what is wrong.
    """

    exit_code = 1

    def __init__(self, folder: str, reason: str) -> None:
        self.folder = folder
        super().__init__(f"{folder}: {reason}")


def folder(plan: Plan) -> str:
    """Return the folder of the CA's accounts: certbot names it by the server's URL."""
    place = plan.server.partition("://")[2].rstrip("/")
    return os.path.join(plan.config_dir, "accounts", place)


def list_accounts(plan: Plan) -> list[str]:
    """Return the accounts that a registration has completed, by their folders' names."""
    try:
        names = sorted(os.listdir(folder(plan)))
    except FileNotFoundError:
        return []
    return [name for name in names if _is_complete(os.path.join(folder(plan), name))]


def _is_complete(path: str) -> bool:
    files = (os.path.join(path, name) for name in ("private_key.json", "regr.json"))
    return all(os.path.isfile(file) and os.path.getsize(file) > 0 for file in files)


def retire_accounts(plan: Plan) -> None:
    """Take the accounts out of certbot's sight, so that its next run registers another.

    For a CA that does not know them any more: every order would fail for ever. They go
    beside the retired lineages, where nothing that a person might want back is lost.
    """
    for name in list_accounts(plan):
        kept = os.path.join(plan.config_dir, "retired", f"account-{name}")
        os.makedirs(os.path.dirname(kept), mode=0o700, exist_ok=True)
        os.rename(os.path.join(folder(plan), name), kept)
