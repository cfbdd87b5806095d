"""The thumbprint of certbot's account: what HAProxy answers challenges with in stateless mode."""

from __future__ import annotations

import os
from typing import Final

from entrykit.files.config_file import PUBLIC
from entrykit.files.fs import read_file, write_file
from entrykit.roles.certbot.lineages.account import AccountError, accounts_dir, list_accounts
from entrykit.roles.certbot.ordering.certbot_cli import Certbot

# What an account's key is known by, sorted (RFC 7638, 3.2; RFC 8037 for OKP is not certbot's).
_MEMBERS: Final = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}


def obtain_thumbprint(certbot: Certbot) -> str:
    """Return the thumbprint of the account, which is registered first if there is none.

    Raises:
        AccountError: it cannot be registered, or read, or there are several.
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
        AccountError: it is no such file.
    """
    import json
    from base64 import urlsafe_b64encode
    from hashlib import sha256

    try:
        with open(path, encoding="utf-8") as file:
            key = json.load(file)
        public = {member: key[member] for member in _MEMBERS[key["kty"]]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AccountError(path, f"no account key ({type(error).__name__})") from None
    text = json.dumps(public, separators=(",", ":"), sort_keys=True)
    return urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()


def publish(path: str, text: str) -> None:
    """Write the thumbprint where HAProxy's container reads it; nothing if it is there already.

    It is no secret: the CA sends it over HTTP.

    Raises:
        OSError: it cannot be written, with the variable's name; what was there is there still.
    """
    data = f"{text}\n".encode()
    try:
        if read_file(path) != data:
            write_file(path, data, PUBLIC, shared=True)
    except OSError as error:
        reason = f"THUMBPRINT_FILE cannot be written: {error.strerror}"
        raise OSError(error.errno, reason, path) from error
