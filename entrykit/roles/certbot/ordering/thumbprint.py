"""The thumbprint of certbot's account, with which HAProxy answers challenges in stateless mode."""

from __future__ import annotations

import os
from typing import Any, Final

from entrykit.files.config_file import PUBLIC
from entrykit.files.fs import read_file, write_file
from entrykit.roles.certbot.json_file import read_json
from entrykit.roles.certbot.lineages.account import AccountError, accounts_dir, list_accounts
from entrykit.roles.certbot.ordering.certbot_cli import Certbot

# The members that a key's thumbprint is computed from, sorted (RFC 7638, 3.2). certbot has no
# keys of other types.
_MEMBERS: Final = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}


def obtain_thumbprint(certbot: Certbot) -> str:
    """Return the thumbprint of the account; register one first if there is none.

    Raises:
        AccountError: the account cannot be registered or read, or there are several.
    """
    plan = certbot.plan
    found = list_accounts(plan)
    if not found:
        certbot.log.info(f"register an account with {plan.server}")
        outcome = certbot.register()
        if not outcome.ok:
            raise AccountError(accounts_dir(plan), f"no account: {outcome.error}")
        found = list_accounts(plan)
    if len(found) != 1:
        raise AccountError(accounts_dir(plan), f"{len(found)} accounts (expected one: {found})")
    return compute_thumbprint(os.path.join(accounts_dir(plan), found[0], "private_key.json"))


def compute_thumbprint(path: str) -> str:
    """Compute the thumbprint of a key (RFC 7638, 3; RFC 8555, 8.1).

    Args:
        path: of a private key as JWK.

    Returns:
        43 characters of base64url.

    Raises:
        AccountError: the file is not a private key, or cannot be read.
    """
    import json
    from base64 import urlsafe_b64encode
    from hashlib import sha256

    try:
        public = read_json(path, _parse_public_members)
    except OSError as error:
        raise AccountError(path, f"the account's key cannot be read: {error.strerror}") from None
    except ValueError:  # its message could have a part of the key
        raise AccountError(
            path, "not an account's key (expected an RSA or EC key as JWK)"
        ) from None
    text = json.dumps(public, separators=(",", ":"), sort_keys=True)
    return urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()


def _parse_public_members(key: Any) -> dict[str, str]:  # noqa: ANN401 -- as JSON has it
    return {member: key[member] for member in _MEMBERS[key["kty"]]}


def publish(path: str, text: str) -> None:
    """Write the thumbprint to the file that HAProxy's container reads, unless it is up to date.

    It is not a secret: HAProxy sends it over HTTP.

    Raises:
        OSError: it cannot be written (the message names the variable); the file is unchanged.
    """
    data = f"{text}\n".encode()
    try:
        if read_file(path) != data:
            write_file(path, data, PUBLIC, shared=True)
    except OSError as error:
        reason = f"THUMBPRINT_FILE cannot be written: {error.strerror}"
        raise OSError(error.errno, reason, path) from error
