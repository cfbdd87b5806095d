"""Variables of the section `auth`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from entrykit.roles.registry.variables import types as registry_types
from entrykit.roles.registry.variables import users
from entrykit.variables import types
from entrykit.variables.settings import Settings


class AuthVariables(Settings):
    """The section `auth`."""

    registry_auth: Literal["htpasswd", "token", "none"] | None = Field(
        default=None,
        description="How clients log in; by default the kind whose variables are set, or none.",
        examples=["htpasswd"],
    )
    registry_auth_htpasswd_users: users.Users | None = Field(
        default=None,
        description="Users with the bcrypt hashes of their passwords, as `htpasswd -nB USER` "
        "prints them, one per line or separated by commas. Written to `htpasswd` in CONFIG_DIR.",
    )
    registry_auth_htpasswd_path: registry_types.Path | None = Field(
        default=None,
        description="An existing password file, instead of USERS; read again when it changes.",
        examples=["/auth/htpasswd"],
    )
    registry_auth_htpasswd_realm: types.Line = Field(
        default="registry", description="Realm shown to clients."
    )
    registry_auth_token_realm: registry_types.Url | None = Field(
        default=None,
        description="URL of the token server.",
        examples=["https://auth.example.com/token"],
    )
    registry_auth_token_service: types.Line | None = Field(
        default=None,
        description="Name of this registry at the token server.",
        examples=["registry.example.com"],
    )
    registry_auth_token_issuer: types.Line | None = Field(
        default=None, description="Required issuer of a token.", examples=["auth.example.com"]
    )
    registry_auth_token_rootcertbundle: registry_types.Path | None = Field(
        default=None,
        description="PEM file of the certificates that verify tokens.",
        examples=["/certs/tokens.pem"],
    )
    registry_auth_token_jwks: registry_types.Path | None = Field(
        default=None,
        description="JSON file (JWKS) of the keys that verify tokens; 3.x only.",
        examples=["/certs/tokens.json"],
    )
    registry_auth_token_signingalgorithms: registry_types.Items | None = Field(
        default=None,
        description="Accepted signature algorithms of tokens; 3.x only.",
        examples=["ES256,RS256"],
    )
    registry_auth_token_autoredirect: types.Switch | None = Field(
        default=None,
        description="Redirect clients to /auth/token on the same host for a token.",
        examples=["off"],
    )
    registry_auth_token_autoredirectpath: registry_types.Path | None = Field(
        default=None,
        description="Path of that redirect; 3.x only.",
        examples=["/auth/token"],
    )
