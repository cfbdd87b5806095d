"""certbot's accounts at the CA in use."""

from __future__ import annotations

import os

from entrykit.errors import EntrykitError
from entrykit.roles.certbot.plan import Plan


class AccountError(EntrykitError):
    """There is no account, or more than one.

    Args:
        folder: the directory of the CA's accounts.
        reason: what is wrong.
    """

    exit_code = 1

    def __init__(self, folder: str, reason: str) -> None:
        self.folder = folder
        super().__init__(f"{folder}: {reason}")


def accounts_dir(plan: Plan) -> str:
    """Return the directory of the CA's accounts, which certbot names by the server's URL."""
    place = plan.server.partition("://")[2].rstrip("/")
    return os.path.join(plan.config_dir, "accounts", place)


def list_accounts(plan: Plan) -> list[str]:
    """Return the accounts whose registration is complete, by their directories' names."""
    try:
        names = sorted(os.listdir(accounts_dir(plan)))
    except FileNotFoundError:
        return []
    return [name for name in names if _is_complete(os.path.join(accounts_dir(plan), name))]


def _is_complete(path: str) -> bool:
    files = (os.path.join(path, name) for name in ("private_key.json", "regr.json"))
    return all(os.path.isfile(file) and os.path.getsize(file) > 0 for file in files)


def retire_accounts(plan: Plan) -> None:
    """Move the accounts out of certbot's sight, so that its next run registers a new one.

    For a CA that no longer knows them: every order would fail for ever. They are kept
    beside the retired lineages.
    """
    for name in list_accounts(plan):
        kept = os.path.join(plan.config_dir, "retired", f"account-{name}")
        os.makedirs(os.path.dirname(kept), mode=0o700, exist_ok=True)
        os.rename(os.path.join(accounts_dir(plan), name), kept)
