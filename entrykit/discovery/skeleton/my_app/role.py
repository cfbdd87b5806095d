"""The role my-app: nginx, which greets every client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import Field

from entrykit.api import Check, Daemon, Files, Role, Secret, Settings, quote_nginx, types

Greeting = Annotated[str, types.text(forbid="$")]
Token = Annotated[
    Secret,
    types.secret(r"[A-Za-z0-9._~+/=-]{8,}", expected="8 or more of A-Z a-z 0-9 . _ ~ + / = -"),
]


class MyAppSettings(Settings):
    """The variables of the role, one for each field.

    `my_app_listen` is MY_APP_LISTEN.
    """

    config_dir: types.Folder = Field(
        default="/etc/nginx/my-app",
        description="Directory of nginx.conf; nginx's pid file and temporary files are there too.",
    )
    my_app_listen: types.HostPort = Field(
        default="0.0.0.0:8080",
        description="Address and port for HTTP.",
    )
    my_app_greeting: Greeting = Field(
        default="Hello from my-app",
        description="What is answered.",
    )
    my_app_token: Token | None = Field(
        default=None,
        description="Token that clients have to send as X-Token; not needed unless set.",
    )
    my_app_extra_server: types.Snippet | None = Field(
        default=None,
        description="Raw lines at the end of the server.",
        examples=["add_header X-Served-By my-app;"],
    )


def rules(settings: MyAppSettings) -> Iterator[str]:
    """Yield a message for values that are valid alone, and wrong together or for nginx."""
    if "$" in settings.config_dir:
        yield "CONFIG_DIR: has a $, with which nginx begins a variable (expected none)"


ROLE: Final = Role(
    name="my-app",
    summary="nginx, which greets every client",
    settings=MyAppSettings,
    files=Files(main="nginx.conf", quoting={".conf": quote_nginx}),
    daemon=Daemon(
        names=["nginx"],
        run=["nginx", "-c", "{main}", "-g", "daemon off;"],
        entrypoint="/docker-entrypoint.sh",
    ),
    check=Check(argv=["nginx", "-t", "-e", "stderr", "-c", "{main}"], leaves=["nginx.pid"]),
    rules=rules,
)
