"""The variables of who is let in."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from entrykit.roles.registry.variables import types as registry_types
from entrykit.roles.registry.variables import users
from entrykit.variables import types
from entrykit.variables.settings import Settings


class AuthVariables(Settings):
    """What the `auth` section says."""

    registry_auth: Literal["htpasswd", "token", "none"] | None = Field(
        default=None,
        description="How clients log in: that whose variables are set, none if none are.",
        examples=["htpasswd"],
    )
    registry_auth_htpasswd_users: users.Users | None = Field(
        default=None,
        description="Users and the bcrypt hashes of their passwords, as `htpasswd -nB USER` "
        "writes them; on lines of their own or with commas between. They are written to "
        "`htpasswd` in CONFIG_DIR.",
    )
    registry_auth_htpasswd_path: registry_types.Path | None = Field(
        default=None,
        description="Such a file of your own, in place of USERS; read again when it changes.",
        examples=["/auth/htpasswd"],
    )
    registry_auth_htpasswd_realm: types.Line = Field(
        default="registry", description="Realm that clients are shown."
    )
    registry_auth_token_realm: registry_types.Url | None = Field(
        default=None,
        description="URL of the server that gives tokens.",
        examples=["https://auth.example.com/token"],
    )
    registry_auth_token_service: types.Line | None = Field(
        default=None,
        description="Name of this registry there.",
        examples=["registry.example.com"],
    )
    registry_auth_token_issuer: types.Line | None = Field(
        default=None, description="Who has to have issued a token.", examples=["auth.example.com"]
    )
    registry_auth_token_rootcertbundle: registry_types.Path | None = Field(
        default=None,
        description="PEM file of the certificates that tokens are signed with.",
        examples=["/certs/tokens.pem"],
    )
    registry_auth_token_jwks: registry_types.Path | None = Field(
        default=None,
        description="JSON file of the keys that tokens are signed with; 3.x only.",
        examples=["/certs/tokens.json"],
    )
    registry_auth_token_signingalgorithms: registry_types.Items | None = Field(
        default=None,
        description="Algorithms that tokens may be signed with; 3.x only.",
        examples=["ES256,RS256"],
    )
    registry_auth_token_autoredirect: types.Switch | None = Field(
        default=None,
        description="Send clients to /auth/token of this host for a token.",
        examples=["off"],
    )
    registry_auth_token_autoredirectpath: registry_types.Path | None = Field(
        default=None,
        description="Path to send them to; 3.x only.",
        examples=["/auth/token"],
    )
